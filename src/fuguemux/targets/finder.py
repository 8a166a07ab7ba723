"""Looks up the parts of a target: a session, a window of it, a pane of that. Behaves as tmux 3.3a's cmd-find.c.

`targets/targets.py` puts the parts together; `targets/resolver.py` does so for what a command declares.
"""

from collections.abc import Iterable
from typing import Final

from fuguemux.language.target import Target
from fuguemux.model.decision import Request
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.live import LiveView
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
from fuguemux.model.window_panes import panes_in
from fuguemux.targets.links import link_to, neighbouring_link, pane_base_index, special_link
from fuguemux.targets.matching import TargetMissing, client_called, only_match
from fuguemux.targets.places import neighbour, place
from fuguemux.targets.text import offset, whole_number

_SIDES: Final = {"{up-of}": "up", "{down-of}": "down", "{left-of}": "left", "{right-of}": "right"}


class Finder:
    """Looks up the parts of targets for one request. It lives as long as one decision, during which nothing changes.

    Its methods raise TargetMissing when a text names nothing. `text` is one part of a target and is not empty.
    """

    def __init__(
        self,
        state: ServerState,
        live: LiveView,
        request: Request,
        *,
        prefer_unattached: bool = False,
    ) -> None:
        """`prefer_unattached`: if several sessions match, choose one that no client shows, if there is one."""
        self.state = state
        self.live = live
        self.request = request
        self._prefer_unattached = prefer_unattached
        self._current: Target | None = None
        self._current_known = False

    # The current target.

    @property
    def current(self) -> Target | None:
        """The requester's pane and session, else the session used last; None if there is no session at all."""
        if not self._current_known:
            self._current, self._current_known = self._find_current(), True
        return self._current

    @property
    def marked(self) -> Target | None:
        """The marked pane, if it is still where it was marked."""
        mark = self.live.mark()
        if mark is None or not mark.holds(self.state):
            return None
        session = self.state.sessions[mark.session]
        link = link_of(session, mark.index)
        assert link is not None, "the mark holds"
        return Target(session, link, self.state.windows[mark.window], self.state.panes[mark.pane])

    def _find_current(self) -> Target | None:
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
        """The session that was used last. Sessions without windows do not count. None: there is no other."""
        attached = {client.session for client in self.live.clients()}

        def rank(session: Session) -> tuple[bool, int, int]:
            # By the wall clock: times from earlier servers count as well, and only the wall clock continues over a
            # reboot.
            typed_s = self.live.activity_s(session.id, "session")
            used_ms = max(typed_s, self.live.last_attached_s(session.id)) * 1000
            free = self._prefer_unattached and session.id not in attached
            return free, max(used_ms, session.created_ms), session.id

        usable = [session for session in sessions if session.links]
        return max(usable, key=rank, default=None)

    # Completing what was found.

    def of_session(self, session: Session) -> Target:
        """The session with its current window and that window's active pane."""
        return self.of_link(session, current_link(session))

    def of_link(self, session: Session, link: Link) -> Target:
        """A link of `session`: its window, with the active pane."""
        window = self.state.windows[link.window]
        return Target(session, link, window, self.state.panes[window.active])

    def of_window(self, window: WindowId) -> Target:
        """The window, in the one of its sessions that was used last."""
        if window not in self.state.windows:
            raise TargetMissing
        session = self.best(sessions_with(self.state, window))
        if session is None:
            raise TargetMissing
        return self.of_window_in(session, window)

    def of_window_in(self, session: Session, window: WindowId) -> Target:
        """The window as a window of `session`."""
        link = link_to(session, window)
        if link is None:
            raise TargetMissing
        return self.of_link(session, link)

    # Sessions.

    def session(self, text: str, *, exact: bool) -> Session:
        """A session by its id, its name or a client that shows it. Unless `exact`, a prefix or pattern of its name is
        enough."""
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
        found = only_match(
            state.sessions.values(), lambda session: session.name, text, ("prefix", "glob")
        )
        if found is None:
            raise TargetMissing
        return found

    # Windows.

    def window(self, current: Target, text: str, *, exact: bool, only: bool) -> Target:
        """A window of the current session, or any window by its id.

        Unless `only`, a `text` that names no window may name a session; then its current window is the result.
        """
        if text.startswith("@"):
            return self.of_window(_window_id(text))
        try:
            return self.window_in(current.session, text, exact=exact)
        except TargetMissing:
            if only:
                raise
            return self.of_session(self.session(text, exact=False))

    def window_in(self, session: Session, text: str, *, exact: bool) -> Target:
        """A window of `session` by its id, a sign (`+`, `!` …), its index or its name.

        With `exact` the name must be the whole name, and signs are names.
        """
        if text.startswith("@"):
            return self.of_window_in(session, _window_id(text))
        if not exact and text[0] in "+-":
            return self.of_link(session, neighbouring_link(session, offset(text)))
        if not exact and text in ("!", "^", "$"):
            link = special_link(session, text)
            if link is None:
                raise TargetMissing
            return self.of_link(session, link)
        if text[0] not in "+-":
            index = whole_number(text)
            link = None if index is None else link_of(session, index)
            if link is not None:
                return self.of_link(session, link)
        steps = ("exact",) if exact else ("exact", "prefix", "glob")
        link = only_match(session.links, self._name_of, text, steps)
        if link is None:
            raise TargetMissing
        return self.of_link(session, link)

    def _name_of(self, link: Link) -> str:
        return self.state.windows[link.window].name

    # Panes.

    def pane(self, current: Target, text: str, *, only: bool) -> Target:
        """A pane of the current window, or any pane by its id.

        Unless `only`, a `text` that names no pane may name a window or a session; then its active pane is the result.
        """
        if text.startswith("%"):
            pane = self._pane_by_id(text)
            target = current if pane.window == current.window.id else self.of_window(pane.window)
            return target._replace(pane=pane)
        try:
            return self.pane_in(current, text)
        except TargetMissing:
            if only:
                raise
            return self.window(current, text, exact=False, only=False)

    def _pane_by_id(self, text: str) -> Pane:
        number = whole_number(text[1:])
        if number is None or PaneId(number) not in self.state.panes:
            raise TargetMissing
        return self.state.panes[PaneId(number)]

    def pane_in(self, target: Target, text: str) -> Target:
        """A pane of the target's window by its id, a sign, its index or its place (`top-left`)."""
        window = target.window
        if text.startswith("%"):
            pane = self._pane_by_id(text)
            if pane.window != window.id:
                raise TargetMissing
            return target._replace(pane=pane)
        found = self._pane_by_place(window, text)
        if found is None:
            raise TargetMissing
        return target._replace(pane=self.state.panes[found])

    def _pane_by_place(self, window: Window, text: str) -> PaneId | None:
        panes = panes_in(window)
        if text == "!":
            return window.last[0] if window.last else None
        # Relative positions are counted from the requester's pane, not from the window's active one.
        current = self.current
        here = None if current is None or current.pane.id not in panes else current.pane.id
        if text in _SIDES:
            return None if here is None else neighbour(self.state, window, here, _SIDES[text])
        if text[0] in "+-":
            step = offset(text)
            start = panes.index(here) if here is not None else -1 if step > 0 else 0
            return panes[(start + step) % len(panes)]
        index = whole_number(text)
        if index is not None:
            at = index - pane_base_index(self.state, self.live, window)
            if 0 <= at < len(panes):
                return panes[at]
        return place(self.state, window, text)

    def pane_in_session(self, session: Session, text: str) -> Target:
        """A pane of `session` by its id, else a pane of the session's current window."""
        if text.startswith("%"):
            pane = self._pane_by_id(text)
            return self.of_window_in(session, pane.window)._replace(pane=pane)
        return self.pane_in(self.of_session(session), text)


def _window_id(text: str) -> WindowId:
    number = whole_number(text[1:])
    if number is None:
        raise TargetMissing
    return WindowId(number)
