"""The formats that a control client has subscribed to, and what they expanded to last."""

from collections.abc import Iterator
from typing import Final

from fuguemux.formats.formats import FormatContext, shown
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Session, Window
from fuguemux.model.window_panes import panes_in

SUBSCRIPTIONS_MAX: Final = 256
"""How many a client may have: each is expanded once a second, for every pane or window that it names."""
INTERVAL_SECONDS: Final = 1.0

Place = tuple[int, WindowId | None, PaneId | None]
"""The index of a window in the session, the window, and the pane; only as much as the subscription is about."""


class Subscriptions:
    """Those of one client."""

    def __init__(self) -> None:
        self._wanted: dict[str, tuple[str, str]] = {}
        self._last: dict[tuple[str, Place], str] = {}

    def __bool__(self) -> bool:
        return bool(self._wanted)

    def set(self, name: str, what: str, template: str | None) -> bool:
        """Begin a subscription, in place of one with the same name; without a template only end that. Returns False if
        there are too many.
        """
        self._wanted.pop(name, None)
        self._last = {key: value for key, value in self._last.items() if key[0] != name}
        if template is None:
            return True
        if len(self._wanted) >= SUBSCRIPTIONS_MAX:
            return False
        self._wanted[name] = (what, template)
        return True

    def changes(self, state: ServerState, live: LiveView, shows: SessionId) -> list[str]:
        """The lines for all values that differ from those of the last call."""
        session = state.sessions.get(shows)
        if session is None:
            return []
        lines: list[str] = []
        now: dict[tuple[str, Place], str] = {}
        for name, (what, template) in self._wanted.items():
            for place in _places(state, session, what):
                index, window, pane = place
                context = FormatContext(state, live, session=shows, window=window, pane=pane)
                value = shown(template, context)
                now[name, place] = value
                if self._last.get((name, place)) != value:
                    lines.append(_line(name, session, index, window, pane, value))
        self._last = now
        return lines


def _line(
    name: str,
    session: Session,
    index: int,
    window: WindowId | None,
    pane: PaneId | None,
    value: str,
) -> str:
    at = "- -" if window is None else f"@{window} {index}"
    return f"%subscription-changed {name} ${session.id} {at} {'-' if pane is None else f'%{pane}'} : {value}"


def _places(state: ServerState, session: Session, what: str) -> Iterator[Place]:
    """The places that a subscription to `what` is about, of those that the session has."""
    kind, rest = what[:1], what[1:]
    if kind not in ("%", "@") or not (rest == "*" or rest.isdecimal()):
        yield -1, None, None
        return
    for link in session.links:
        window = state.windows[link.window]
        if kind == "@":
            if rest in ("*", str(window.id)):
                yield link.index, window.id, None
            continue
        for pane in _panes(window):
            if rest in ("*", str(pane)):
                yield link.index, window.id, pane


def _panes(window: Window) -> tuple[PaneId, ...]:
    return tuple(panes_in(window))
