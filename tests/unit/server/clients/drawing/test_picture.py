"""What a small client keeps of an alert."""

import pytest

from fuguemux.server.clients.drawing.picture import with_short_alert
from fuguemux.terminal.styled_row import DrawnRow

ALERT = tuple(DrawnRow(f"alert {number}".encode()) for number in range(4))
LINE = (DrawnRow(b"status"),)


@pytest.mark.parametrize(("height", "kept"), [(24, 4), (10, 2), (6, 1), (3, 0), (1, 0)])
def test_an_alert_leaves_most_of_the_panes_visible(height: int, kept: int) -> None:
    assert with_short_alert((*ALERT, *LINE), 1, height) == (*ALERT[:kept], *LINE)


def test_an_alert_beside_the_status_line_stays() -> None:
    assert with_short_alert(LINE, 1, 3) == LINE
    assert with_short_alert(ALERT[:1], 0, 24) == ALERT[:1]
