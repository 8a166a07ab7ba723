"""Looking up the parts of a target: a session, a window of it, a pane of that. Behaviour after tmux 3.3a's cmd-find.c.

`targets/targets.py` is what commands use.
"""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Final, Literal, NamedTuple, TypeVar

from fuguemux.model.decision import Refused, Request
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import panes_of
from fuguemux.model.limits import WINDOW_INDEX_MAX
from fuguemux.model.live import ClientFacts, LiveView
from fuguemux.model.state import (
    Link,
    Pane,
    ServerState,
    Session,
    Window,
    current_link,
    link_of,
    sessions_with,
)
from fuguemux.options import options
from fuguemux.targets.places import PLACES, neighbour, place

_WINDOW_WORDS: Final = {
    "{start}": "^",
    "{last}": "!",
    "{end}": "$",
    "{next}": "+",
    "{previous}": "-",
}
_PANE_WORDS: Final = {"{last}": "!", "{next}": "+", "{previous}": "-"} | {
    "{" + name + "}": name for name in PLACES
}
_SIDES: Final = {"{up-of}": "up", "{down-of}": "down", "{left-of}": "left", "{right-of}": "right"}

Kind = Literal["session", "window", "pane"]
_T = TypeVar("_T")


class Target(NamedTuple):
    """What a target names. Always all four: a session stands for its current window, a window for its active pane."""

    session: Session
    link: Link
    window: Window
    pane: Pane


class TargetMissing(Exception):
    """A part of a target names nothing."""


class Finder:
    """Looks up the parts of one target for one request."""

    def __init__(self, state: ServerState, live: LiveView, request: Request) -> None:
        self.state = state
        self.live = live
        self.request = request
        self.prefer_unattached = False

    # The current target.

    def current(self) -> Target | None:
        """The pane and session of who asks, else the session used last; None if there is no session at all."""
        state, request = self.state, self.request
        if request.session is not None and request.session in state.sessions:
            session = state.sessions[request.session]
            if request.pane is not None and request.pane in state.panes:
                pane = state.panes[request.pane]
                link = link_to(session, pane.window)
                if link is not None:
                    return Target(session, link, state.windows[pane.window], pane)
            return self.of_session(session)
        if request.pane is not None and request.pane in state.panes:
            pane = state.panes[request.pane]
            session_or_none = self.best(sessions_with(state, pane.window))
            if session_or_none is not None:
                target = self.of_session(session_or_none)
                return target._replace(pane=pane) if target.window.id == pane.window else target
        best = self.best(state.sessions.values())
        return None if best is None else self.of_session(best)

    def best(self, sessions: Iterable[Session]) -> Session | None:
        """The one used last; with `prefer_unattached` one that nobody looks at, if there is one."""
        attached = {client.session for client in self.live.clients()}

        def rank(session: Session) -> tuple[bool, int, int]:
            # By the wall clock: what earlier servers noted counts as well, and no other clock spans a reboot.
            output_s = self.live.activity_s(session.id, "session")
            used_ms = max(output_s, self.live.last_attached_s(session.id)) * 1000
            free = self.prefer_unattached and session.id not in attached
            return free, max(used_ms, session.created_ms), session.id

        usable = [session for session in sessions if session.links]
        return max(usable, key=rank, default=None)

    # Completing what was found.

    def of_session(self, session: Session) -> Target:
        return self.of_link(session, current_link(session))

    def of_link(self, session: Session, link: Link) -> Target:
        window = self.state.windows[link.window]
        return Target(session, link, window, self.state.panes[window.active])

    def of_window(self, window: WindowId) -> Target:
        """The window in the session that suits best. Raises Missing if there is no such window."""
        if window not in self.state.windows:
            raise TargetMissing
        session = self.best(sessions_with(self.state, window))
        if session is None:
            raise TargetMissing
        return self.of_window_in(session, window)

    def of_window_in(self, session: Session, window: WindowId) -> Target:
        link = link_to(session, window)
        if link is None:
            raise TargetMissing
        return self.of_link(session, link)

    # Sessions.

    def session(self, text: str, *, exact: bool) -> Session:
        state = self.state
        if text.startswith("$"):
            number = whole_number(text[1:])
            if number is None or SessionId(number) not in state.sessions:
                raise TargetMissing
            return state.sessions[SessionId(number)]
        for session in state.sessions.values():
            if session.name == text:
                return session
        client = client_called(self.live.clients(), text)
        if client is not None and client.session in state.sessions:
            return state.sessions[client.session]
        if exact:
            raise TargetMissing
        found = _only(
            state.sessions.values(), lambda session: session.name, text, ("prefix", "glob")
        )
        if found is None:
            raise TargetMissing
        return found

    # Windows.

    def window(self, current: Target, text: str, *, exact: bool, only: bool) -> Target:
        """A window by `text`, in the current session unless it is an id; without `only` also a session's."""
        if text.startswith("@"):
            return self.of_window(_window_id(text))
        try:
            return self.window_in(current.session, text, exact=exact)
        except TargetMissing:
            if only:
                raise
            return self.of_session(self.session(text, exact=False))

    def window_in(self, session: Session, text: str, *, exact: bool) -> Target:
        if text.startswith("@"):
            return self.of_window_in(session, _window_id(text))
        if not exact and text[0] in "+-":
            return self.of_link(session, neighbouring_link(session, offset(text)))
        if not exact and text in ("!", "^", "$"):
            return self.of_link(session, _special_link(session, text))
        if text[0] not in "+-":
            index = whole_number(text)
            link = None if index is None else link_of(session, index)
            if link is not None:
                return self.of_link(session, link)
        steps = ("exact",) if exact else ("exact", "prefix", "glob")
        link = _only(session.links, self.name_of, text, steps)
        if link is None:
            raise TargetMissing
        return self.of_link(session, link)

    def name_of(self, link: Link) -> str:
        return self.state.windows[link.window].name

    # Panes.

    def pane(self, current: Target, text: str, *, only: bool) -> Target:
        """A pane by `text`, in the current window unless it is an id; without `only` also a window's or session's."""
        if text.startswith("%"):
            pane = self.pane_by_id(text)
            target = current if pane.window == current.window.id else self.of_window(pane.window)
            return target._replace(pane=pane)
        try:
            return self.pane_in(current, text)
        except TargetMissing:
            if only:
                raise
            return self.window(current, text, exact=False, only=False)

    def pane_by_id(self, text: str) -> Pane:
        number = whole_number(text[1:])
        if number is None or PaneId(number) not in self.state.panes:
            raise TargetMissing
        return self.state.panes[PaneId(number)]

    def pane_in(self, target: Target, text: str) -> Target:
        """A pane of the target's window, by what `text` says of it; an id must be of that window."""
        window = target.window
        if text.startswith("%"):
            pane = self.pane_by_id(text)
            if pane.window != window.id:
                raise TargetMissing
            return target._replace(pane=pane)
        found = self._pane_by_place(window, text)
        if found is None:
            raise TargetMissing
        return target._replace(pane=self.state.panes[found])

    def _pane_by_place(self, window: Window, text: str) -> PaneId | None:
        panes = panes_of(window.layout)
        if text == "!":
            return window.last[0] if window.last else None
        # What is beside, before and after is meant from the pane of who asks, not from the window's active one.
        current = self.current()
        here = None if current is None or current.pane.id not in panes else current.pane.id
        if text in _SIDES:
            return None if here is None else neighbour(window, here, _SIDES[text])
        if text[0] in "+-":
            step = offset(text)
            start = panes.index(here) if here is not None else -1 if step > 0 else 0
            return panes[(start + step) % len(panes)]
        index = whole_number(text)
        if index is not None:
            at = index - pane_base_index(self.state, self.live, window)
            if 0 <= at < len(panes):
                return panes[at]
        return place(window, text)

    def pane_in_session(self, session: Session, text: str) -> Target:
        if text.startswith("%"):
            pane = self.pane_by_id(text)
            return self.of_window_in(session, pane.window)._replace(pane=pane)
        return self.pane_in(self.of_session(session), text)


class TargetParts(NamedTuple):
    """A target's text taken apart. Empty parts are None."""

    session: str | None
    window: str | None
    pane: str | None
    exact_session: bool
    exact_window: bool
    window_only: bool
    """The text says that it is a window: it had a colon before it."""
    pane_only: bool


def take_apart(text: str, kind: Kind) -> TargetParts:
    """`text` as session, window and pane; a text without separators is what `kind` says, or its first letter."""
    session: str | None = None
    window: str | None = None
    pane: str | None = None
    head, colon, rest = text.partition(":")
    if colon:
        session = head
        window, period, last = rest.partition(".")
        if period:
            pane = last
    else:
        head, period, last = text.partition(".")
        if period:
            window, pane = head, last
        else:
            kind = {"$": "session", "@": "window", "%": "pane"}.get(text[:1], kind)  # type: ignore[assignment]  # literals
            session, window, pane = (
                text if kind == name else None for name in ("session", "window", "pane")
            )
    exact_session = session is not None and session.startswith("=")
    exact_window = window is not None and window.startswith("=")
    session = session[1:] if session is not None and exact_session else session
    window = window[1:] if window is not None and exact_window else window
    window = None if window is None else _WINDOW_WORDS.get(window, window)
    pane = None if pane is None else _PANE_WORDS.get(pane, pane)
    return TargetParts(
        session or None,
        window or None,
        pane or None,
        exact_session,
        exact_window,
        window_only=bool(colon),
        pane_only=bool(period),
    )


def find(finder: Finder, text: str | None, kind: Kind) -> Target:
    """Raises Refused with tmux's words."""
    current = finder.current()
    if current is None:
        raise Refused("no current target")
    if not text:
        return current
    if text in ("=", "{mouse}"):
        pane = finder.request.mouse_pane
        if pane is None or pane not in finder.state.panes:
            raise Refused("no mouse target")
        return finder.pane(current, f"%{pane}", only=True)
    if text in ("~", "{marked}"):
        raise Refused("no marked target")
    parts = take_apart(text, kind)
    if parts.session is not None:
        session = part(
            "session",
            parts.session,
            lambda name: finder.session(name, exact=parts.exact_session),
        )
        return _within_session(finder, session, parts)
    return _within_current(finder, current, parts)


def _within_session(finder: Finder, session: Session, parts: TargetParts) -> Target:
    if parts.window is None and parts.pane is None:
        return finder.of_session(session)
    if parts.window is None:
        return part("pane", parts.pane, lambda text: finder.pane_in_session(session, text))
    target = part(
        "window",
        parts.window,
        lambda text: finder.window_in(session, text, exact=parts.exact_window),
    )
    if parts.pane is None:
        return target
    return part("pane", parts.pane, lambda text: finder.pane_in(target, text))


def _within_current(finder: Finder, current: Target, parts: TargetParts) -> Target:
    if parts.window is not None:
        target = part(
            "window",
            parts.window,
            lambda text: finder.window(
                current, text, exact=parts.exact_window, only=parts.window_only
            ),
        )
        if parts.pane is None:
            return target
        return part("pane", parts.pane, lambda text: finder.pane_in(target, text))
    if parts.pane is not None:
        return part(
            "pane", parts.pane, lambda text: finder.pane(current, text, only=parts.pane_only)
        )
    return current


def part(kind: Kind, text: str | None, find: Callable[[str], _T]) -> _T:
    assert text is not None
    try:
        return find(text)
    except TargetMissing:
        raise Refused(f"can't find {kind}: {text}") from None


def link_to(session: Session, window: WindowId) -> Link | None:
    """The session's link to `window`: the current one if that is it, else the first; None: not in the session."""
    current = link_of(session, session.active)
    if current is not None and current.window == window:
        return current
    return next((link for link in session.links if link.window == window), None)


def neighbouring_link(session: Session, step: int) -> Link:
    """The link `step` places after the current one (before it, if negative), going round the ends."""
    at = session.links.index(current_link(session))
    return session.links[(at + step) % len(session.links)]


def pane_base_index(state: ServerState, live: LiveView, window: Window) -> int:
    """The number of the window's first pane."""
    return options.get_number(state, live.option_defaults(), "pane-base-index", window=window)


def _special_link(session: Session, text: str) -> Link:
    if text == "^":
        return session.links[0]
    if text == "$":
        return session.links[-1]
    link = link_of(session, session.last[0]) if session.last else None
    if link is None:
        raise TargetMissing
    return link


def whole_number(text: str) -> int | None:
    """A whole number from 0 up, or None."""
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    number = int(text)
    return number if number <= WINDOW_INDEX_MAX else None


def offset(text: str) -> int:
    """The number in `+`, `-`, `+2` …; without a number behind the sign 1, with anything else 0, as tmux has it."""
    number = 1 if len(text) == 1 else whole_number(text[1:]) or 0
    return number if text[0] == "+" else -number


def _window_id(text: str) -> WindowId:
    number = whole_number(text[1:])
    if number is None:
        raise TargetMissing
    return WindowId(number)


def client_called(clients: Iterable[ClientFacts], text: str) -> ClientFacts | None:
    text = text.removesuffix(":")
    for client in clients:
        if text in (client.name, client.tty, client.tty.removeprefix("/dev/")):
            return client
    return None


def _only(
    things: Iterable[_T], name_of: Callable[[_T], str], text: str, steps: tuple[str, ...]
) -> _T | None:
    """The thing called `text`, exactly, else by a beginning, else by a pattern. Several at one step: Missing."""
    things = tuple(things)
    for step in steps:
        found = [thing for thing in things if _matches(name_of(thing), text, step)]
        if len(found) > 1:
            raise TargetMissing
        if found:
            return found[0]
    return None


def _matches(name: str, text: str, step: str) -> bool:
    if step == "exact":
        return name == text
    if step == "prefix":
        return name.startswith(text)
    return fnmatchcase(name, text)
