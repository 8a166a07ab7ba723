"""A pane's process is gone and nothing is started in its place for now, by the pane's restore policy."""

from fuguemux.model.decision import Decision
from fuguemux.model.events import ProcessExited
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ExitCause, Life, ServerState


def decide(state: ServerState, live: LiveView, pane: PaneId) -> Decision:
    """The pane is SUSPENDED, and how its process ended is not known unless it was before."""
    known = state.panes.get(pane)
    if known is None or known.life is Life.SUSPENDED:
        return Decision()
    cause = ExitCause.SHUTDOWN_SUSPECT
    return Decision((ProcessExited(pane, None, None, cause, live.now_ms(), suspended=True),))
