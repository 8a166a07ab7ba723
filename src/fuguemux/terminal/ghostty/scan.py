"""Finds in a program's output what the engine does not report, across chunks."""

from __future__ import annotations

import functools
import re
from typing import Any, Final, Literal

from fuguemux.terminal.emulator import PromptMark
from fuguemux.terminal.ghostty import pushed as pushed
from fuguemux.terminal.ghostty import repeat as repeat
from fuguemux.terminal.ghostty.repeat import ESCAPE, LONG_BYTES_MIN

TAIL_BYTES_MAX: Final = 512
# What the engine does not report: full reset, clear the screen, erase history, prompt marks, links.
SEEN: Final = re.compile(
    rb"\x1b(?:(?P<reset>c)|\[0*(?P<erase>3)J|\[(?P<clear>[02]?)J|\[\?(?P<private>[0-9;]{2,40})(?P<on>[hl])|\[(?P<shape>[0-6]?) q"
    rb"|\](?:8;(?P<link>)|133;(?P<mark>[ABCD])"
    rb"(?P<rest>;[^\x07\x1b]{0,400})?(?:\x07|\x1b\\)))"
)
# What the engine must not see the content of, see `withheld`.
WITHHELD: Final = re.compile(rb"\x1b(?:k|Ptmux;)")
# The beginning of each of these sequences, and of few others, which is much faster to search for. Includes those that
# push many rows.
BEGINNING_SOURCE: Final = (
    rb"\x1b(?:[\]ck]|Ptmux;|\[(?:\?|0*3J|[02]?J|[0-6]? q)|%b)" % pushed.BEGINNING_SOURCE
)
BEGINNING: Final = re.compile(BEGINNING_SOURCE)
# What may become one of these with more input.
UNFINISHED: Final = re.compile(
    rb"\x1b(?:P(?:t(?:m(?:ux?)?)?)?|\[(?:0*3?|[0-6]? ?)|\](?:8|1|13|133|133;[ABCD]?(?:;[^\x07\x1b]{0,400})?\x1b?)?)?\Z"
)
MODES_ALTERNATE: Final = frozenset((b"47", b"1047", b"1049"))


def needed(data: bytes) -> bool:
    """Return whether `data` may contain a sequence that must be seen."""
    if ESCAPE not in data:
        return False
    if repeat.hidden(data):
        return True
    if len(data) < LONG_BYTES_MIN:
        return BEGINNING.search(data) is not None
    return _long_beginning().search(data) is not None


@functools.cache
def _long_beginning() -> Any:
    return repeat.quick(BEGINNING_SOURCE)


def tail(text: bytes) -> bytes:
    """Return the end of the input if it may be the beginning of a sequence that must be seen."""
    start = max(0, len(text) - TAIL_BYTES_MAX)
    at = text.rfind(ESCAPE, start)
    if at < 0:
        return b""
    if at == len(text) - 1:  # perhaps the first byte of the terminator
        before = text.rfind(ESCAPE, start, at)
        at = before if before >= 0 and UNFINISHED.match(text, before) else at
    return text[at:] if UNFINISHED.match(text, at) else b""


def prompt(mark: bytes, rest: bytes | None) -> PromptMark:
    """Return the event of an OSC 133. `rest` is what follows the letter, including the semicolon."""
    kind: Literal["A", "B", "C", "D"] = {b"A": "A", b"B": "B", b"C": "C", b"D": "D"}[mark]  # type: ignore[assignment]  # the pattern allows these only
    status = rest.split(b";")[1] if rest and kind == "D" else b""
    return PromptMark(kind, int(status) if status.isdigit() and len(status) < 10 else None)
