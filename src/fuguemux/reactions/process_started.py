"""A pane's process is running."""

from fuguemux.model.decision import Decision
from fuguemux.model.events import ProcessStarted
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(
    state: ServerState,
    live: LiveView,
    pane: PaneId,
    *,
    generation: int,
    pid: int,
    process_start: int,
    tty: str,
    instead: tuple[bytes, ...] | None = None,
) -> Decision:
    """The pane becomes RUNNING, with its own command or with what was started in place of that. Returns no events if it
    was closed meanwhile.
    """
    if pane not in state.panes:
        return Decision()
    now_ms = live.now_ms()
    started = ProcessStarted(pane, generation, pid, process_start, tty, now_ms, instead)
    return Decision((started,))
