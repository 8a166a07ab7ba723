"""The number of rows of the status line, and how windows are numbered."""

import pytest

from fuguemux.model.ids import SessionId
from fuguemux.options.derived import base_index, renumbering, status_rows
from fuguemux.options.options import NO_DEFAULTS
from tests.support.builders import session, state


@pytest.mark.parametrize(("value", "rows"), [("off", 0), ("on", 1), ("2", 2), ("5", 5)])
def test_the_rows_of_the_status_line(value: str, rows: int) -> None:
    now = state(session("a", options={"status": value}))
    assert status_rows(now, NO_DEFAULTS, now.sessions[SessionId(0)]) == rows
    assert status_rows(now, NO_DEFAULTS, None) == 1
    assert status_rows(now, {"status": "off"}, None) == 0


def test_windows_are_renumbered_from_the_base_index_of_their_session() -> None:
    on = {"renumber-windows": "on", "base-index": "3"}
    now = state(session("a", options=on), session("b"))
    rule = renumbering(now, NO_DEFAULTS)
    assert [rule(found) for found in now.sessions.values()] == [3, None]
    assert base_index(now, {"base-index": "1"}, None) == 1
