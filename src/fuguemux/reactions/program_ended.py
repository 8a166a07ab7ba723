"""Server and keeper died together, and a pane's program with them: its last screen is to be kept."""

from fuguemux.model.decision import Decision
from fuguemux.model.events import ProgramEnded
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Life, Pane, ServerState


def decide(
    state: ServerState,
    live: LiveView,
    pane: PaneId,
    *,
    program: str,
    recovery_ms: int,
    ended_ms: int,
) -> Decision:
    """Returns no events if the program is known to have ended before, since the pane does not show its last screen any
    more.
    """
    del live
    known = state.panes.get(pane)
    if known is None or known.life is not Life.RUNNING:
        return Decision()
    ended = ProgramEnded(
        pane, known.generation, recovery_ms, ended_ms, program, place_of(state, known)
    )
    return Decision((ended,))


def place_of(state: ServerState, pane: Pane) -> str:
    """`session:window` of the first session with the pane. Empty if none has it."""
    places = (
        f"{session.name}:{link.index}"
        for session in state.sessions.values()
        for link in session.links
        if link.window == pane.window
    )
    return next(places, "")
