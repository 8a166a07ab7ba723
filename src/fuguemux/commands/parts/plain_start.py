"""`fugue` without a command: attach to a session that a crash interrupted, or else start a new session."""

from typing import Final

from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

Words = tuple[str, ...]

NEW: Final[Words] = ("new-session",)
PICK: Final[Words] = ("choose-tree",)


def chosen(state: ServerState, live: LiveView) -> list[Words]:
    """The commands to run. Sessions that came back: attach to the one used last, and show the list if there are more."""
    back = [session for session in live.came_back() if session in state.sessions]
    if not back:
        return [NEW]
    attach = ("attach-session", "-t", f"${back[0]}")
    return [attach, PICK] if len(back) > 1 else [attach]
