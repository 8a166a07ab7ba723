"""Modifiers of formats that do more than change a value: loops over sessions, windows and panes, and searches."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

import msgspec

from fuguemux.formats import text as format_text
from fuguemux.formats.context import FormatContext, View
from fuguemux.formats.syntax import Modifier, choices
from fuguemux.formats.text import flag
from fuguemux.formats.work import COPIED_CHARS, ITEM
from fuguemux.model.live import CaptureRequest
from fuguemux.model.window_panes import panes_in
from fuguemux.options.styles import rgb

_LINKS_PER_UNIT: Final = 4
_CELLS_PER_UNIT: Final = 10
_ROW: Final = 20
_SCREEN: Final = 1_000
"""The cost of reading a screen of any size."""


class Expander(Protocol):
    """The part of the expander that loops need for nested formats."""

    view: View

    def nested(self, text: str) -> str:
        """`text` expanded for the same view."""
        ...

    def within(self, view: View, text: str) -> str:
        """`text` expanded for another view."""
        ...

    def spend(self, units: int) -> bool:
        """Take that many units from the work that is left. Returns True; raises TooExpensive if there are not enough."""
        ...


def sessions(at: Expander, _: Modifier, rest: str) -> str:
    context = at.view.context
    found = sorted(at.view.state.sessions.values(), key=lambda session: session.name)
    return loop(
        at,
        rest,
        (
            msgspec.structs.replace(context, session=session.id, window=None, index=None, pane=None)
            for session in found
        ),
    )


def windows(at: Expander, _: Modifier, rest: str) -> str:
    session = at.view.session
    if session is None:
        return ""
    pair = choices(rest)
    every, current = pair or (rest, rest)
    parts: list[str] = []
    for link in session.links:
        at.spend(len(session.links) // _LINKS_PER_UNIT)  # each of them looks for itself among all
        context = msgspec.structs.replace(
            at.view.context,
            session=session.id,
            window=link.window,
            index=link.index,
            pane=None,
            about=f"@{link.window}",
        )
        text = current if link.index == session.active else every
        parts.append(loop(at, text, (context,)))
    return "".join(parts)


def panes(at: Expander, _: Modifier, rest: str) -> str:
    window = at.view.window
    if window is None:
        return ""
    pair = choices(rest)
    every, active = pair or (rest, rest)
    parts: list[str] = []
    links = 0 if at.view.session is None else len(at.view.session.links)
    for pane in panes_in(window):
        at.spend(links // _LINKS_PER_UNIT)
        context = msgspec.structs.replace(
            at.view.context, window=window.id, index=_place(at), pane=pane, about=f"%{pane}"
        )
        parts.append(loop(at, active if pane == window.active else every, (context,)))
    return "".join(parts)


def _place(at: Expander) -> int | None:
    return None if at.view.link is None else at.view.link.index


def loop(at: Expander, text: str, contexts: Iterable[FormatContext]) -> str:
    parts: list[str] = []
    for context in contexts:
        at.spend(ITEM)
        parts.append(at.within(View(context), text))
    return "".join(parts)


def name_exists(at: Expander, modifier: Modifier, rest: str) -> str:
    name = at.nested(rest)
    state = at.view.state
    session = at.view.session
    at.spend(len(state.sessions) + (0 if session is None else len(session.links)))
    if "s" in modifier.argument(0):
        return flag(any(session.name == name for session in state.sessions.values()))
    links = () if session is None else session.links
    return flag(any(state.windows[link.window].name == name for link in links))


def character(at: Expander, _: Modifier, rest: str) -> str:
    code = whole(at.nested(rest))
    return chr(code) if code is not None and 32 <= code <= 126 else ""


def colour(at: Expander, _: Modifier, rest: str) -> str:
    return rgb(at.nested(rest))


def search(at: Expander, modifier: Modifier, rest: str) -> str:
    """The number of the first row of the pane's screen that matches, from 1; 0 if none does."""
    pane = at.view.pane
    pattern = at.nested(rest)
    if pane is None or not pattern:
        return "0"
    flags = modifier.argument(0)
    wanted = pattern if "r" in flags else f"*{pattern}*"
    size = at.view.state.windows[pane.window].layout
    at.spend(_SCREEN + size.columns * size.rows // _CELLS_PER_UNIT)
    screen = at.view.live.capture(pane.id, CaptureRequest()).decode("utf-8", "replace")
    for row, text in enumerate(screen.splitlines(), 1):
        at.spend(_ROW + len(text) // COPIED_CHARS)
        if format_text.matches(wanted, text, flags, at.spend):
            return str(row)
    return "0"


SPECIAL: Final[Mapping[str, Callable[[Expander, Modifier, str], str]]] = {
    "a": character,
    "c": colour,
    "C": search,
    "N": name_exists,
    "S": sessions,
    "W": windows,
    "P": panes,
}


def whole(text: str) -> int | None:
    """A whole number of a plausible length."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        return None
    return int(text)
