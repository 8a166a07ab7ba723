"""Makes flags and joined emoji as wide as tmux has them: two columns.

Without its mode for grapheme clusters (2027) the engine gives a flag four columns and a family six or more; with it, it
also widens a sign with a variation selector and combines skin tones, which tmux 3.3a and wcwidth() do not. So the mode is
switched on only for the character that continues a cluster: for the letters of a flag, and for what follows a zero-width
joiner. A program that has set the mode itself gets it always.

Where the input is cut must not matter, so an unfinished character that may be one of these is held until the rest comes.
"""

from __future__ import annotations

import re
from typing import Final

FLAG_BEGINNING: Final = b"\xf0\x9f\x87"
"""Regional indicators are F0 9F 87 A6 to F0 9F 87 BF."""
JOINER: Final = b"\xe2\x80\x8d"
HELD_BYTES_MAX: Final = 6
_CHARACTER: Final = (
    rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
)
_CONTINUING: Final = re.compile(rb"(?:\xf0\x9f\x87[\xa6-\xbf])+|(?:\xe2\x80\x8d%b)+" % _CHARACTER)
_UNFINISHED: Final = re.compile(
    rb"(?:\xe2\x80\x8d(?:[\xc2-\xf4][\x80-\xbf]{0,2})?|\xf0(?:\x9f\x87?)?|\xe2\x80?)\Z"
)
_IN_TEXT: Final = re.compile(
    rb"\x1b\][^\x07\x18\x1a\x1b]*|\x1b[PX^_][^\x18\x1a\x1b]*|(?P<text>%b)" % _CONTINUING.pattern
)
MODE: Final = 2027
MODE_DIGITS: Final = b"2027"
_LEADS: Final = frozenset(b"\xe2\xf0")


def held(data: bytes) -> int:
    """Return how many bytes at the end of `data` wait for the rest of a character."""
    start = max(0, len(data) - HELD_BYTES_MAX)
    if _LEADS.isdisjoint(data[start:]):
        return 0
    found = _UNFINISHED.search(data, start)
    if found is None:
        return 0
    return 0 if _is_whole(found[0]) else len(data) - found.start()


def cut(data: bytes, start: int, stop: int) -> int:
    """Return a place at or a little before `stop` where `data`, from `start` on, may be cut."""
    if stop >= len(data):
        return len(data)
    return stop - held(data[max(start, stop - HELD_BYTES_MAX) : stop])


def _is_whole(text: bytes) -> bool:
    """Whether a joiner is followed by a whole character."""
    return _CONTINUING.fullmatch(text) is not None


def wanted(data: bytes) -> bool:
    """Whether `data` contains a character that continues a cluster."""
    return FLAG_BEGINNING in data or JOINER in data


def clustered(data: bytes) -> bytes:
    """Return input in which such characters are printed in the mode for clusters, which is off before and after.

    `data` begins outside of any sequence. Strings, such as titles, stay as they are.
    """
    return _IN_TEXT.sub(_printed, data)


def _printed(found: re.Match[bytes]) -> bytes:
    return b"\x1b[?2027h%b\x1b[?2027l" % found[0] if found["text"] else found[0]
