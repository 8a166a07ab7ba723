"""The report on one pane: what it says after each kind of event."""

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.report.parts import PaneReport, Status


@pytest.mark.parametrize(
    ("lost", "reason", "status", "expected"),
    [
        (0, "", "live", "live"),
        (5, "", "live", "partial"),
        (5, "", "respawned", "respawned"),
        (0, "no PTY", "live", "failed"),
        (5, "no PTY", "respawned", "failed"),
    ],
)
def test_a_known_loss_or_failure_stays(
    lost: int, reason: str, status: Status, expected: Status
) -> None:
    pane = PaneReport(PaneId(1))
    if lost:
        pane.lose(10, 10 + lost, 1, 2)
    if reason:
        pane.fail(reason)
    pane.became(status)
    assert pane.status == expected


def test_losses_add_up_and_span_from_the_first_to_the_last() -> None:
    pane = PaneReport(PaneId(1))
    pane.lose(10, 15, 100, 200)
    pane.lose(30, 40, 300, 400)
    assert pane.lost_bytes == 15
    assert (pane.lost_from, pane.lost_to) == (10, 40)
    assert (pane.lost_since_ms, pane.lost_before_ms) == (100, 400)
