"""`fugue` without a command: attach to a session that a crash interrupted, or else start a new session."""

from typing import Final

from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

Words = tuple[str, ...]

NEW: Final[Words] = ("new-session",)


def chosen(state: ServerState, live: LiveView) -> list[Words]:
    """The commands to run. Sessions that came back: attach to the one used last, and show the list if there are more."""
    back = [session for session in live.came_back() if session in state.sessions]
    if not back:
        return [NEW]
    session = f"${back[0]}"
    attach = ("attach-session", "-t", session)
    # The list is shown in a pane, which must be the one that the client sees.
    pick = ("choose-tree", "-t", f"{session}:")
    return [attach, pick] if len(back) > 1 else [attach]
