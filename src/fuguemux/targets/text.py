"""Splits the text of a target, `session:window.pane`, into its parts. Looks nothing up. Behaves as tmux 3.3a's
cmd-find.c."""

from typing import Final, Literal, NamedTuple

from fuguemux.model.limits import WINDOW_INDEX_MAX
from fuguemux.targets.places import PLACES

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

Kind = Literal["session", "window", "pane"]
"""What a text without separators names."""


class TargetParts(NamedTuple):
    """The parts of a target's text. Empty parts are None."""

    session: str | None
    window: str | None
    pane: str | None
    exact_session: bool
    exact_window: bool
    window_only: bool
    """Whether the text says that it names a window, because a colon was before it."""
    pane_only: bool


def take_apart(text: str, kind: Kind) -> TargetParts:
    """Split `text` into session, window and pane. A text without separators is what its first letter says, else a
    `kind`."""
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


def whole_number(text: str) -> int | None:
    """A whole number from 0 to the largest window index, or None."""
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    number = int(text)
    return number if number <= WINDOW_INDEX_MAX else None


def offset(text: str) -> int:
    """The number in `+`, `-`, `+2` …: 1 if no digits follow the sign, 0 if anything else follows it, as in tmux."""
    number = 1 if len(text) == 1 else whole_number(text[1:]) or 0
    return number if text[0] == "+" else -number
