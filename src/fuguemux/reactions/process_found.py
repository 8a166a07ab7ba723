"""The keeper holds a process without a pane in the state: it is shown in a session of its own, never lost or killed."""

from fuguemux.model.decision import Decision
from fuguemux.model.events import AnyEvent, ProcessStarted, SessionCreated, WindowCreated
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import leaf
from fuguemux.model.limits import COLUMNS_DEFAULT, ROWS_DEFAULT
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

SESSION_NAME = "rescued"


def decide(
    state: ServerState,
    live: LiveView,
    *,
    argv: tuple[bytes, ...],
    cwd: bytes,
    pid: int,
    process_start: int,
    tty: str,
    name: str,
    known_as: tuple[PaneId, int] | None = None,
) -> Decision:
    """Return a window for the process in the session `rescued`, which is created if needed.

    `known_as`: the pane and generation under which this store started it. It keeps them if no pane has that number, so
    that the FUGUE_PANE of its programs stays right.
    """
    now = live.now_ms()
    events: list[AnyEvent] = []
    session = next((s for s in state.sessions.values() if s.name == SESSION_NAME), None)
    if session is None:
        number, index = SessionId(state.next_session), 0
        events.append(SessionCreated(number, SESSION_NAME, cwd, now))
    else:
        number, index = session.id, session.links[-1].index + 1
    pane, generation = PaneId(state.next_pane), 1
    if known_as is not None and known_as[0] not in state.panes:
        pane, generation = known_as
    layout = leaf(pane, COLUMNS_DEFAULT, ROWS_DEFAULT)
    window = WindowId(state.next_window)
    events.append(
        WindowCreated(window, name or "?", number, index, pane, layout, now, argv=argv, cwd=cwd)
    )
    events.append(ProcessStarted(pane, generation, pid, process_start, tty, now))
    return Decision(tuple(events))
