"""Keeps sequences from the engine that it would misread: titles of windows (ESC k) and passthrough (ESC P tmux;).

The engine takes `ESC k` for a sequence of two bytes and would print the title, and it would interpret what a passthrough
holds for the terminal outside. So the engine gets the beginning and the end of such a sequence, and not what is between.
The content may be cut anywhere, is collected up to a limit, and becomes an event (tmux's input.c and screen's manual
describe both sequences).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from fuguemux.terminal.emulator import Event, Passthrough, WindowNamed

NAME_BYTES_MAX: Final = 1024
"""A longer name of a window is cut."""
PASSTHROUGH_BYTES_MAX: Final = 1 << 20
"""A longer passthrough is dropped, as in tmux."""
NAME: Final = b"\x1bk"
PASSTHROUGH: Final = b"\x1bPtmux;"
STRING_END: Final = b"\x1b\\"
_NAME_END: Final = re.compile(rb"[\x18\x1a\x1b]")
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
ESCAPE: Final = b"\x1b"


class Resumed(NamedTuple):
    """The engine continues with `lead` and the input from `at` on."""

    lead: bytes
    at: int
    event: Event | None


class Withheld:
    """One sequence whose content does not go to the engine."""

    __slots__ = ("_content", "_dropped", "_escape", "_kind")

    def __init__(self, kind: bytes) -> None:
        """`kind` is NAME or PASSTHROUGH, whose bytes the engine has already."""
        self._kind = kind
        self._content = bytearray()
        self._escape = False
        self._dropped = False

    @classmethod
    def stored(cls, tail: bytes) -> Withheld | None:
        """Return the sequence that `tail` stands for. None if it stands for none."""
        for kind in (NAME, PASSTHROUGH):
            if tail.startswith(kind):
                found = cls(kind)
                found._content += tail[len(kind) :]
                found._dropped = kind == PASSTHROUGH
                found._escape = found._dropped and tail.endswith(ESCAPE)
                return found
        return None

    def tail(self) -> bytes:
        """Return what stands for this sequence in a snapshot.

        The content of a passthrough is not stored, because no terminal would get it after a restart.
        """
        if self._kind == PASSTHROUGH:
            return PASSTHROUGH + ESCAPE * self._escape
        return NAME + self._content

    def take(self, data: bytes) -> Resumed | None:
        """Take the content at the beginning of `data`. Returns None if all of it belongs to this sequence."""
        return self._name(data) if self._kind == NAME else self._passthrough(data)

    def _name(self, data: bytes) -> Resumed | None:
        found = _NAME_END.search(data)
        end = len(data) if found is None else found.start()
        self._content += data[: min(end, NAME_BYTES_MAX - len(self._content))]
        if found is None:
            return None
        text = _CONTROL.sub(b"", self._content).decode("utf-8", "replace")
        return Resumed(b"", end, WindowNamed(text))

    def _passthrough(self, data: bytes) -> Resumed | None:
        """An ESC is followed by a byte that is meant, or by the backslash that ends the sequence."""
        at = 0
        while at < len(data):
            if self._escape:
                self._escape = False
                if data[at : at + 1] == b"\\":
                    event = None if self._dropped else Passthrough(bytes(self._content))
                    return Resumed(STRING_END, at + 1, event)
                self._add(data[at : at + 1])
                at += 1
            end = data.find(ESCAPE, at)
            self._escape = end >= 0
            end = len(data) if end < 0 else end
            self._add(data[at:end])
            at = end + 1
        return None

    def _add(self, data: bytes) -> None:
        if not self._dropped and len(self._content) + len(data) > PASSTHROUGH_BYTES_MAX:
            self._dropped = True
            self._content.clear()
        if not self._dropped:
            self._content += data
