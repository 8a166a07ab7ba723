"""The format language: `#{session_name}`, `#{?condition,then,else}`, `#S`, … After tmux(1), FORMATS."""

import msgspec

from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


class Context(msgspec.Struct, frozen=True):
    """What a format is about. A part that is None has no variables; they expand to nothing."""

    state: ServerState
    live: LiveView
    session: SessionId | None = None
    window: WindowId | None = None
    index: int | None = None
    """The window's index in the session; None: that of its first link there."""
    pane: PaneId | None = None
    client: ClientId | None = None
    extra: dict[str, str] = {}
    """Variables of the caller, which come before all others."""


def expand(text: str, context: Context) -> str:
    """`text` with its formats expanded. Never raises; what is unknown expands to nothing."""
    return text
