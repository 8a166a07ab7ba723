"""Finds the links (windows at an index) of one session by their position, and the numbers of a window's panes."""

from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Link, ServerState, Session, Window, current_link, link_of
from fuguemux.model.window_panes import panes_in
from fuguemux.options import options


def link_to(session: Session, window: WindowId) -> Link | None:
    """The session's link to `window`: the current link if it shows this window, else the first such link. None: the
    window is not in the session."""
    current = link_of(session, session.active)
    if current is not None and current.window == window:
        return current
    return next((link for link in session.links if link.window == window), None)


def neighbouring_link(session: Session, step: int) -> Link:
    """The link `step` places after the current one (before it, if negative), wrapping around at the ends."""
    at = session.links.index(current_link(session))
    return session.links[(at + step) % len(session.links)]


def special_link(session: Session, sign: str) -> Link | None:
    """`^`: the first link, `$`: the last one in order, `!`: the previously current one, or None."""
    if sign == "^":
        return session.links[0]
    if sign == "$":
        return session.links[-1]
    return link_of(session, session.last[0]) if session.last else None


def pane_base_index(state: ServerState, live: LiveView, window: Window) -> int:
    """The number of the window's first pane."""
    return options.get_number(state, live.option_defaults(), "pane-base-index", window=window)


def pane_index(state: ServerState, live: LiveView, window: Window, pane: PaneId) -> int:
    """The pane's number in its window."""
    return panes_in(window).index(pane) + pane_base_index(state, live, window)
