"""Moving between brackets in copy mode. After tmux 3.3a."""

from collections.abc import Callable
from typing import Final

from fuguemux.server.copy.copy_document import Document, Spot
from fuguemux.server.copy.copy_mode import CopyMode
from fuguemux.server.copy.copy_motions import MotionContext, word_motion

_OPEN: Final = "{[("
_CLOSE: Final = "}])"
LINES_MAX: Final = 20_000
"""So many lines are looked through for a bracket at most."""


def _at(document: Document, spot: Spot) -> str:
    text = document.text(spot.line)
    return text[spot.offset] if 0 <= spot.offset < len(text) else ""


def _match(document: Document, spot: Spot, step: int) -> Spot | None:
    """The place of the bracket that belongs to the one at `spot`, looked for in the direction of `step`."""
    found = _at(document, spot)
    one, other = (_OPEN, _CLOSE) if step > 0 else (_CLOSE, _OPEN)
    wanted = other[one.index(found)]
    depth, line, offset = 1, spot.line, spot.offset + step
    last = line + step * LINES_MAX
    while document.first <= line < document.stop and line != last:
        text = document.text(line)
        while 0 <= offset < len(text):
            character = text[offset]
            depth += (character == found) - (character == wanted)
            if depth == 0:
                return Spot(line, offset)
            offset += step
        line += step
        if step > 0:
            offset = 0
        elif document.first <= line:
            offset = len(document.text(line)) - 1
    return None


def previous_bracket(mode: CopyMode, context: MotionContext) -> None:
    """Go to the bracket that the one at the cursor closes; with emacs keys else to the previous word."""
    document, spot = mode.document, mode.cursor
    if not document.text(spot.line):
        return
    for place in (spot, Spot(spot.line, spot.offset - 1)):
        character = _at(document, place)
        if character and character in _CLOSE:
            found = _match(document, place, -1)
            if found is not None:
                mode.go(found, centre=True)
            return
        if context.vi or place.offset <= 0:
            break
    if not context.vi:
        word_motion(previous=True)(mode, context._replace(separators=_CLOSE))


def next_bracket(mode: CopyMode, context: MotionContext) -> None:
    """Go to the bracket that closes the one at the cursor, or behind it; with emacs keys else to the next end of a word."""
    document, spot = mode.document, mode.cursor
    text = document.text(spot.line)
    if not text:
        return
    last = len(text) if context.vi else min(spot.offset + 2, len(text) + 1)
    for offset in range(spot.offset, last):
        place = Spot(spot.line, offset)
        character = _at(document, place)
        if context.vi and character and character in _CLOSE:
            found = _match(document, place, -1)
            if found is not None:
                mode.go(found, centre=True)
            return
        if character and character in _OPEN:
            found = _match(document, place, 1)
            if found is not None:
                mode.go(found, centre=True)
            return
    if not context.vi:
        word_motion(previous=False)(mode, context._replace(separators=_OPEN))


BRACKETS: Final[dict[str, Callable[[CopyMode, MotionContext], None]]] = {
    "previous-matching-bracket": previous_bracket,
    "next-matching-bracket": next_bracket,
}
