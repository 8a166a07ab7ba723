"""What `-t` means: sessions, windows and panes by name, index, id, offset or place. After tmux(1), 3.3a.

A target is `session:window.pane`, or one part of it. What is left out is the current one: that of the pane or the
client that asks, else that of the session used last.
"""

from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Refused, Request
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import panes_of
from fuguemux.model.limits import WINDOW_INDEX_MAX
from fuguemux.model.live import ClientFacts, LiveView
from fuguemux.model.state import ServerState, Session, Window
from fuguemux.targets.finder import (
    Finder,
    Target,
    TargetMissing,
    TargetParts,
    client_called,
    find,
    link_to,
    neighbouring_link,
    offset,
    pane_base_index,
    part,
    take_apart,
    whole_number,
)

__all__ = [
    "Target",
    "client_target",
    "current_target",
    "link_to",
    "nearest_target",
    "neighbouring_link",
    "pane_index",
    "pane_target",
    "session_target",
    "window_index_target",
    "window_target",
]


def session_target(
    state: ServerState,
    live: LiveView,
    invocation: Invocation,
    text: str | None,
    *,
    prefer_unattached: bool = False,
) -> Session:
    """The session that `text` names; None or empty: the current one. Raises Refused."""
    finder = Finder(state, live, invocation.request)
    finder.prefer_unattached = prefer_unattached
    return find(finder, text, "session").session


def window_target(
    state: ServerState, live: LiveView, invocation: Invocation, text: str | None
) -> Target:
    """The window that `text` names, in its session, with its active pane. Raises Refused."""
    return find(Finder(state, live, invocation.request), text, "window")


def pane_target(
    state: ServerState, live: LiveView, invocation: Invocation, text: str | None
) -> Target:
    """The pane that `text` names, in its window and session. Raises Refused."""
    return find(Finder(state, live, invocation.request), text, "pane")


def nearest_target(
    state: ServerState, live: LiveView, invocation: Invocation, text: str
) -> Target | None:
    """The pane that `text` names, or what its parts name as far as they exist (display-message does not refuse)."""
    finder = Finder(state, live, invocation.request)
    current = finder.current()
    if current is None:
        return None
    try:
        return find(finder, text, "pane")
    except Refused:
        parts = take_apart(text, "pane")
    try:
        if parts.session is not None:
            current = finder.of_session(finder.session(parts.session, exact=parts.exact_session))
        elif not parts.window_only:
            if parts.window is None:
                return None
            return finder.window(current, parts.window, exact=parts.exact_window, only=False)
    except TargetMissing:
        return None
    if parts.window is None:
        return current
    try:
        return finder.window_in(current.session, parts.window, exact=parts.exact_window)
    except TargetMissing:
        return current


def current_target(state: ServerState, live: LiveView, request: Request) -> Target | None:
    """What a command without `-t` means, or None if there is no session."""
    return Finder(state, live, request).current()


def window_index_target(
    state: ServerState, live: LiveView, invocation: Invocation, text: str | None
) -> tuple[Session, int | None]:
    """A session and a place in it where a window may go (`-t` of new-window, move-window …).

    The index may be free or taken; None: none was asked for, so the next free one. Raises Refused.
    """
    finder = Finder(state, live, invocation.request)
    current = finder.current()
    if current is None:
        raise Refused("no current target")
    if not text:
        return current.session, None
    if text in ("=", "{mouse}", "~", "{marked}"):
        target = find(finder, text, "window")
        return target.session, target.link.index
    parts = take_apart(text, "window")
    if parts.session is not None:
        session = part(
            "session",
            parts.session,
            lambda name: finder.session(name, exact=parts.exact_session),
        )
    else:
        session = current.session
    if parts.window is None:
        if parts.pane is None:
            return session, None
        target = find(finder, text, "window")
        return target.session, target.link.index
    free = None if parts.window.startswith("@") else _free_index(session, parts)
    if free is not None:
        return session, free
    if parts.session is None and not parts.window_only:
        # A session's name alone asks for the next free place in it, not for the place of its current window.
        try:
            target = finder.window_in(session, parts.window, exact=parts.exact_window)
        except TargetMissing:
            if not parts.window.startswith("@"):
                return (
                    part("window", parts.window, lambda name: finder.session(name, exact=False)),
                    None,
                )
    target = find(finder, text, "window")
    return target.session, target.link.index


def _free_index(session: Session, parts: TargetParts) -> int | None:
    """The index that the text says by number or offset; None: it says a window in another way."""
    text = parts.window
    assert text is not None
    if not parts.exact_window and text[0] in "+-":
        index = session.active + offset(text)
        if not 0 <= index <= WINDOW_INDEX_MAX:
            raise Refused(f"can't find window: {text}")
        return index
    return whole_number(text)


def client_target(live: LiveView, invocation: Invocation, text: str | None) -> ClientFacts:
    """The client whose name or terminal is `text`; None: the one that asks, else the one active last. Raises Refused."""
    clients = live.clients()
    if text is not None:
        client = client_called(clients, text)
        if client is None:
            raise Refused(f"can't find client: {text.removesuffix(':')}")
        return client
    for client in clients:
        if client.id == invocation.request.client:
            return client
    client = max(clients, key=lambda client: (client.used, client.id), default=None)
    if client is None:
        raise Refused("no current client")
    return client


def pane_index(state: ServerState, live: LiveView, window: Window, pane: PaneId) -> int:
    """The pane's number in its window."""
    return panes_of(window.layout).index(pane) + pane_base_index(state, live, window)
