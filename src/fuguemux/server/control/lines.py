"""The lines of control mode, as tmux(1), CONTROL MODE, describes them. Pure."""

import re
from typing import Final

_UNPRINTABLE: Final = re.compile(rb"[\x00-\x1f\\]")
_OCTAL: Final = [b"\\%03o" % octet for octet in range(256)]
INTRODUCER: Final = b"\x1bP1000p"
"""The beginning of the device control string in which `-CC` wraps everything. The client writes its end."""


def escaped(data: bytes) -> bytes:
    """Bytes of a pane's output with control characters and backslashes as octal numbers. All others stay, so UTF-8 does."""
    return _UNPRINTABLE.sub(lambda found: _OCTAL[found[0][0]], data)


def output(pane: int, data: bytes) -> bytes:
    """`%output`."""
    return b"%%output %%%d %s\n" % (pane, escaped(data))


def extended_output(pane: int, age_ms: int, data: bytes) -> bytes:
    """`%extended-output`, for clients with the flag `pause-after`."""
    return b"%%extended-output %%%d %d : %s\n" % (pane, age_ms, escaped(data))


def guard(word: str, time_s: int, number: int, flags: int) -> bytes:
    """`%begin`, `%end` or `%error` of a block."""
    return b"%%%s %d %d %d\n" % (word.encode(), time_s, number, flags)


def line(text: str) -> bytes:
    """One line of text."""
    return text.encode("utf-8", "surrogateescape") + b"\n"


class LineReader:
    """Splits the input of a control client into lines, in whatever pieces it arrives."""

    def __init__(self, bytes_max: int) -> None:
        """A line of more than `bytes_max` is not kept."""
        self._bytes_max = bytes_max
        self._rest = bytearray()
        self._too_long = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """The lines that `data` completes, without their newlines. None stands for one that is too long."""
        found: list[bytes | None] = []
        *whole, rest = data.split(b"\n")
        for part in whole:
            self._add(part)
            found.append(None if self._too_long else bytes(self._rest))
            self._rest.clear()
            self._too_long = False
        self._add(rest)
        return found

    def _add(self, part: bytes) -> None:
        if len(self._rest) + len(part) > self._bytes_max:
            self._too_long = True
            self._rest.clear()
        elif not self._too_long:
            self._rest += part
