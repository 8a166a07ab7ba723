"""A status line that takes too much work is replaced by a message, and not composed again before something changes."""

import msgspec

from fuguemux.model.ids import ClientId, SessionId
from fuguemux.model.state import ServerState
from fuguemux.server.clients.watched import WatchedStatus
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive

BUILT = state(session("a", *(window(f"w{n}") for n in range(2_000))))


def row(status: WatchedStatus, of: ServerState) -> bytes:
    live = FakeLive()
    (row,) = status.rows(of, live, of.sessions[SessionId(0)], 80, ClientId(1), 1, "")
    return row.content


def with_left(text: str) -> ServerState:
    return msgspec.structs.replace(
        BUILT, session_options=BUILT.session_options | {"status-left": text}
    )


def test_a_status_line_that_takes_too_much_work_says_so_until_an_option_changes() -> None:
    status = WatchedStatus()
    expensive = with_left("#{W:#{W:#{window_layout}}}")
    assert b"status line: format stopped: it takes too much work" in row(status, expensive)
    assert b"status line: format stopped: it takes too much work" in row(status, expensive)
    assert row(status, with_left("cheap ")).startswith(row(WatchedStatus(), with_left("cheap ")))


def test_a_session_with_thousands_of_windows_has_a_status_line() -> None:
    shown = row(WatchedStatus(), BUILT)
    assert b"0:w0" in shown
    assert b"format stopped" not in shown
