"""What a control client is told of a change: the line for each kind of notice, as tmux 3.3a writes it. Pure."""

from typing import Final, NamedTuple

from fuguemux.formats.formats import FormatContext, shown
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

LAYOUT: Final = (
    "%layout-change #{window_id} #{window_layout} #{window_visible_layout} #{window_raw_flags}"
)


class Happening(NamedTuple):
    """Something that happened, under the name of its hook."""

    name: str
    session: SessionId | None = None
    window: WindowId | None = None
    pane: PaneId | None = None
    named: str = ""
    """The name of the window or session at that time, for one that is gone when the client is told."""


def told(
    state: ServerState, live: LiveView, change: Happening, shows: SessionId | None
) -> str | None:
    """The line for a client that shows the session `shows`, or none yet. None: it is not told.

    As in tmux, the line says what is true when the client is told.
    """
    if change.name in ("session-created", "session-closed"):
        return "%sessions-changed"
    if change.name == "session-renamed":
        session = None if change.session is None else state.sessions.get(change.session)
        return f"%session-renamed ${change.session} {change.named if session is None else session.name}"
    if change.name == "session-window-changed":
        return _current_window(state, change)
    if change.name == "pane-mode-changed":
        return f"%pane-mode-changed %{change.pane}"
    if change.window is not None and shows is not None:
        return _of_window(state, live, change, change.window, shows)
    return None


def _current_window(state: ServerState, change: Happening) -> str | None:
    session = None if change.session is None else state.sessions.get(change.session)
    if session is None:
        return None
    window = next((link.window for link in session.links if link.index == session.active), None)
    return None if window is None else f"%session-window-changed ${session.id} @{window}"


def _of_window(
    state: ServerState, live: LiveView, change: Happening, window: WindowId, shows: SessionId
) -> str | None:
    session, stored = state.sessions.get(shows), state.windows.get(window)
    linked = session is not None and any(link.window == window for link in session.links)
    prefix = "%" if linked else "%unlinked-"
    match change.name:
        case "window-linked":
            return f"{prefix}window-add @{window}"
        case "window-unlinked":
            return f"{prefix}window-close @{window}"
        case "window-renamed":
            name = change.named if stored is None else stored.name
            return f"{prefix}window-renamed @{window} {name}"
        case "window-pane-changed":
            return None if stored is None else f"%window-pane-changed @{window} %{stored.active}"
        case "window-layout-changed":
            if not linked or stored is None:
                return None
            return shown(LAYOUT, FormatContext(state, live, session=shows, window=window))
        case _:
            return None
