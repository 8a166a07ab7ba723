"""What a terminal is asked when a client attaches, and what its answers mean: its name, its kind, and its colours.

Source: xterm's control sequences: XTVERSION, DA1, DA2, and OSC 10 to 12.
"""

import re
from typing import Final, NamedTuple

from fuguemux.terminal.emulator import Rgb

COLOURS_ASKED: Final = b"\x1b]10;?\x1b\\\x1b]11;?\x1b\\\x1b]12;?\x1b\\"
IDENTITY_ASKED: Final = b"\x1b[>c\x1b[>q\x1b[c"
"""The last question has an answer everywhere. Answers come in order, so nothing is awaited after it."""

_VERSION: Final = re.compile(rb"\x1bP>\|([^\x07\x1b]*)(?:\x07|\x1b\\)")
_PRIMARY: Final = re.compile(rb"\x1b\[\?[0-9;]*c")
_SECONDARY: Final = re.compile(rb"\x1b\[>([0-9]{1,4})[0-9;]*c")
_COLOUR: Final = re.compile(
    rb"\x1b\](1[012]);(?:rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})[^\x07\x1b]*"
    rb"|#([0-9a-fA-F]{6}))(?:\x07|\x1b\\)"
)
NAME_CHARS_MAX: Final = 200


class Reported(NamedTuple):
    """One answer. What it does not say is None."""

    name: str | None = None
    """The terminal's own name and version."""
    kind: int | None = None
    """The first number of its secondary attributes."""
    colour: tuple[int, Rgb] | None = None
    """10, 11 or 12 for foreground, background and cursor, and the colour."""
    last: bool = False
    """Whether it answers the last question."""


def reported(answer: bytes) -> Reported | None:
    """What an answer says. None: it answers nothing that was asked here."""
    if found := _VERSION.fullmatch(answer):
        name = found.group(1).decode("utf-8", "replace")
        return Reported(name="".join(filter(str.isprintable, name))[:NAME_CHARS_MAX])
    if found := _SECONDARY.fullmatch(answer):
        return Reported(kind=int(found.group(1)))
    if _PRIMARY.fullmatch(answer):
        return Reported(last=True)
    if found := _COLOUR.fullmatch(answer):
        number, *parts, hexadecimal = found.groups()
        if hexadecimal is not None:
            parts = [hexadecimal[at : at + 2] for at in (0, 2, 4)]
        red, green, blue = map(_eight_bits, parts)
        return Reported(colour=(int(number), (red, green, blue)))
    return None


def _eight_bits(digits: bytes) -> int:
    """An intensity that was given with one to four hexadecimal digits."""
    most = (1 << 4 * len(digits)) - 1
    return (int(digits, 16) * 255 + most // 2) // most
