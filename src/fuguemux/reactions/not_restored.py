"""A pane's process is gone, and by the pane's restore policy nothing is started in its place for now."""

from fuguemux.model.decision import Decision
from fuguemux.model.events import ProcessExited
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ExitCause, Life, ServerState


def decide(state: ServerState, live: LiveView, pane: PaneId) -> Decision:
    """The pane becomes SUSPENDED. How its process ended is not known, unless it was known before."""
    known = state.panes.get(pane)
    if known is None or known.life is Life.SUSPENDED:
        return Decision()
    cause = ExitCause.SHUTDOWN_SUSPECT
    return Decision((ProcessExited(pane, None, None, cause, live.now_ms(), suspended=True),))
