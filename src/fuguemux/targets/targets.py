"""Resolves targets: finds sessions, windows and panes by name, index, id, offset or place. Behaves as tmux(1) 3.3a.

A target is `session:window.pane`, or one part of it. A part that is left out is the current one: that of the
requesting pane or client, else that of the session used last.

A command declares its targets in its row (`targets/declaration.py`), and the dispatcher looks them up. The functions
here are for commands that cannot declare them: because the target's form or other flags decide what is looked up, or
because there are several targets.
"""

from collections.abc import Callable
from typing import TypeVar

from fuguemux.language.target import Target
from fuguemux.model.decision import Refused, Request
from fuguemux.model.limits import WINDOW_INDEX_MAX
from fuguemux.model.live import ClientFacts, LiveView
from fuguemux.model.state import ServerState, Session, current_link
from fuguemux.targets.finder import Finder
from fuguemux.targets.links import link_to
from fuguemux.targets.matching import TargetMissing, client_called
from fuguemux.targets.text import Kind, TargetParts, offset, take_apart, whole_number

_T = TypeVar("_T")


def session_target(
    state: ServerState,
    live: LiveView,
    request: Request,
    text: str | None,
    *,
    prefer_unattached: bool = False,
) -> Session:
    """The session that `text` names. None or empty: the current one. Raises Refused.

    `prefer_unattached`: if several sessions match, one that no client shows.
    """
    finder = Finder(state, live, request, prefer_unattached=prefer_unattached)
    return find(finder, text, "session").session


def pane_target(
    state: ServerState,
    live: LiveView,
    request: Request,
    text: str | None,
    *,
    default_marked: bool = False,
) -> Target:
    """The pane that `text` names, with its window and session. Raises Refused.

    None or empty: the current one, with `default_marked` the marked one if there is one.
    """
    finder = Finder(state, live, request)
    if default_marked and not text and finder.marked is not None:
        return finder.marked
    return find(finder, text, "pane")


def current_target(state: ServerState, live: LiveView, request: Request) -> Target | None:
    """The target of a command without `-t`, or None if there is no session."""
    return Finder(state, live, request).current


def client_target(live: LiveView, request: Request, text: str | None) -> ClientFacts:
    """The client whose name or terminal is `text`. None: the requesting one, else the one used last. Raises Refused."""
    clients = live.clients()
    if text is not None:
        client = client_called(clients, text)
        if client is None:
            raise Refused(f"can't find client: {text.removesuffix(':')}")
        return client
    for client in clients:
        if client.id == request.client:
            return client
    client = max(clients, key=lambda client: (client.used, client.id), default=None)
    if client is None:
        raise Refused("no current client")
    return client


def find(finder: Finder, text: str | None, kind: Kind) -> Target:
    """The target that `text` names. A text without separators names a `kind`. None or empty: the current target.

    Raises Refused with tmux's words: `can't find window: …`, `no current target`, `no mouse target`, `no marked
    target`.
    """
    current = _current(finder)
    if not text:
        return current
    if text in ("=", "{mouse}"):
        return mouse_target(finder, kind)
    if text in ("~", "{marked}"):
        if finder.marked is None:
            raise Refused("no marked target")
        return finder.marked
    parts = take_apart(text, kind)
    if parts.session is not None:
        return _within_session(finder, _named_session(finder, parts), parts)
    return _within_current(finder, current, parts)


def mouse_target(finder: Finder, kind: Kind) -> Target:
    """What the mouse event that runs the command is about. Raises Refused: it is about nothing, or there is none."""
    state, mouse = finder.state, finder.request.mouse
    session = None if mouse is None else state.sessions.get(mouse.session)
    if mouse is None or session is None:
        raise Refused("no mouse target")
    link = current_link(session) if mouse.window is None else link_to(session, mouse.window)
    if link is None:
        if kind == "pane":
            raise Refused("no mouse target")
        link = current_link(session)
    target = finder.of_link(session, link)
    if kind != "pane" or mouse.pane is None:
        return target
    pane = state.panes.get(mouse.pane)
    if pane is None or pane.window != link.window:
        raise Refused("no mouse target")
    return target._replace(pane=pane)


def nearest(finder: Finder, text: str) -> Target | None:
    """The pane that `text` names, or else as many of its parts as exist. None: not even its session exists."""
    current = finder.current
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


def find_window_index(finder: Finder, text: str | None) -> tuple[Session, int | None]:
    """A session, and an index in it at which a window may be placed (`-t` of new-window, move-window …).

    The index may be free or in use. None: the text names no index, so the next free one is meant. Raises Refused.
    """
    current = _current(finder)
    if not text:
        return current.session, None
    if text in ("=", "{mouse}", "~", "{marked}"):
        return _index_of(find(finder, text, "window"))
    parts = take_apart(text, "window")
    session = current.session if parts.session is None else _named_session(finder, parts)
    if parts.window is None:
        if parts.pane is None:
            return session, None
        return _index_of(find(finder, text, "window"))
    free = None if parts.window.startswith("@") else _index_in_text(session, parts.window, parts)
    if free is not None:
        return session, free
    if parts.session is None and not parts.window_only:
        # A session's name alone means the next free index in it, not the index of its current window.
        try:
            finder.window_in(session, parts.window, exact=parts.exact_window)
        except TargetMissing:
            if not parts.window.startswith("@"):
                return (
                    _part("window", parts.window, lambda name: finder.session(name, exact=False)),
                    None,
                )
    return _index_of(find(finder, text, "window"))


def _current(finder: Finder) -> Target:
    current = finder.current
    if current is None:
        raise Refused("no current target")
    return current


def _named_session(finder: Finder, parts: TargetParts) -> Session:
    return _part(
        "session", parts.session, lambda name: finder.session(name, exact=parts.exact_session)
    )


def _within_session(finder: Finder, session: Session, parts: TargetParts) -> Target:
    if parts.window is None and parts.pane is None:
        return finder.of_session(session)
    if parts.window is None:
        return _part("pane", parts.pane, lambda text: finder.pane_in_session(session, text))
    target = _part(
        "window",
        parts.window,
        lambda text: finder.window_in(session, text, exact=parts.exact_window),
    )
    return _pane_in(finder, target, parts)


def _within_current(finder: Finder, current: Target, parts: TargetParts) -> Target:
    if parts.window is not None:
        target = _part(
            "window",
            parts.window,
            lambda text: finder.window(
                current, text, exact=parts.exact_window, only=parts.window_only
            ),
        )
        return _pane_in(finder, target, parts)
    if parts.pane is not None:
        return _part(
            "pane", parts.pane, lambda text: finder.pane(current, text, only=parts.pane_only)
        )
    return current


def _pane_in(finder: Finder, target: Target, parts: TargetParts) -> Target:
    if parts.pane is None:
        return target
    return _part("pane", parts.pane, lambda text: finder.pane_in(target, text))


def _part(kind: Kind, text: str | None, find_it: Callable[[str], _T]) -> _T:
    """The result of `find_it`. Raises Refused instead of TargetMissing."""
    assert text is not None
    try:
        return find_it(text)
    except TargetMissing:
        raise Refused(f"can't find {kind}: {text}") from None


def _index_of(target: Target) -> tuple[Session, int]:
    return target.session, target.link.index


def _index_in_text(session: Session, text: str, parts: TargetParts) -> int | None:
    """The index that the text gives as a number or an offset. None: it names a window in another way."""
    if not parts.exact_window and text[0] in "+-":
        index = session.active + offset(text)
        if not 0 <= index <= WINDOW_INDEX_MAX:
            raise Refused(f"can't find window: {text}")
        return index
    return whole_number(text)
