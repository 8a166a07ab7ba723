"""A pane's process runs."""

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
) -> Decision:
    """The pane is RUNNING. Nothing, if it was closed meanwhile."""
    if pane not in state.panes:
        return Decision()
    return Decision((ProcessStarted(pane, generation, pid, process_start, tty, live.now_ms()),))
