"""Cuts output into pieces that push no more rows into the history than the engine keeps free for one piece.

A line feed pushes one row. Some short sequences push many: SU (CSI n S) and ED 22 (CSI 22 J) push as many as the screen
has, REP (CSI n b) as many as its characters fill. Rows that are pushed beyond the free space would be recycled before
they are taken out.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from fuguemux.terminal.emulator import ScreenSize
from fuguemux.terminal.ghostty.repeat import (
    COUNT_DIGITS_MIN,
    LONG_BYTES_MIN,
    SKIPPED,
    SMALL_COUNT_MAX,
    hidden,
    quick,
)

PIECE_BYTES_MAX: Final = 4096
"""The bytes that are fed between two checks of the history."""
SEQUENCE_ROWS_MAX: Final = 1000
"""No sequence pushes more rows: neither the height of a screen nor SMALL_COUNT_MAX wide characters on the narrowest
screen.
"""
PIECE_ROWS_MAX: Final = PIECE_BYTES_MAX + SEQUENCE_ROWS_MAX
"""The rows that a piece may push: one per byte, or fewer bytes and their sequences, and one sequence that began before
it.
"""

BEGINNING_SOURCE: Final = (
    rb"(?:[%(skipped)b]|\[(?:[0-9]{%(digits)d}|[0-9]{1,3};?[Sb]|[0-9]{2,3};?J|[0-9]*[%(skipped)b]))"
    % {b"skipped": SKIPPED, b"digits": COUNT_DIGITS_MIN}
)
"""What follows ESC in a sequence that may push many rows."""
_SHORT: Final = re.compile(rb"\x1b" + BEGINNING_SOURCE)
_FINAL: Final = re.compile(rb"(?<=[0-9;%b])[SbJ]" % SKIPPED)
"""The last byte of every such sequence, and of some others."""
_DIGITS_MAX: Final = 3


def many(data: bytes) -> bool:
    """Whether a sequence that begins in `data` may push many rows."""
    if hidden(data):
        return True
    if len(data) < LONG_BYTES_MIN:
        return _SHORT.search(data) is not None
    return _long().search(data) is not None


def stop(data: bytes, at: int, size: ScreenSize) -> int:
    """Return the end of the piece that begins at `at`, in `data` with sequences that push many rows."""
    stop, rows = min(at + PIECE_BYTES_MAX, len(data)), 0
    for found in _FINAL.finditer(data, at, stop):
        more = _rows(data, found.start(), size)
        if rows + more + found.end() - at > PIECE_BYTES_MAX:
            return max(found.start(), at + 1)
        rows += more
    return min(stop, at + PIECE_BYTES_MAX - rows)


def _rows(data: bytes, final: int, size: ScreenSize) -> int:
    """The most rows that the sequence with its last byte at `final` pushes."""
    digits = data[max(final - _DIGITS_MAX, 0) : final]
    count = int(digits) if digits.isdigit() else SMALL_COUNT_MAX
    if data[final : final + 1] == b"b":
        if count >= SMALL_COUNT_MAX:
            count = max(size.columns, count)
        return min(2 * count // size.columns + 1, SEQUENCE_ROWS_MAX)
    return min(count, size.rows) if data[final : final + 1] == b"S" else size.rows


@functools.cache
def _long() -> Any:
    return quick(rb"\x1b" + BEGINNING_SOURCE)
