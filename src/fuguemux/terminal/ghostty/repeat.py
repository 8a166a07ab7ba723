"""Limits REP (CSI n b), which repeats the last character. The engine repeats up to 65,535 times, 4 ns each, for ten bytes
of output.

Programs use it to shorten a run within a row, and tmux ends it at the row's end. Larger counts only hold up everything
else on the loop. So a count of four or more digits is reduced to the width, or to 999. The engine has read all but the
final byte by then, so CAN cancels the sequence and one with the smaller count follows.

A sequence may be cut anywhere, and the engine accepts more as CSI than `ESC [`: it executes control characters inside a
sequence, skips bytes from A0 on, and takes 9B for CSI inside most unfinished sequences, but not in text.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

COUNT_DIGITS_MIN: Final = 4
SMALL_COUNT_MAX: Final = 999
"""Smaller counts are left alone: such a sequence takes the engine some microseconds."""
COUNT_MAX: Final = 65_535
"""The engine reduces every larger number to this."""
CSI: Final = b"\x9b"
DIGITS_MAX: Final = 10
"""This many digits of an unfinished count are remembered. More cannot make it smaller."""
LONG_BYTES_MIN: Final = 4096
"""From this size on RE2 is faster: 22 µs where `re` takes 126 for 64 KiB of a coloured `ls`."""
ESCAPE: Final = b"\x1b"

SKIPPED: Final = rb"\x00-\x17\x19\x1c-\x1f\x7f\xa0-\xff"  # inside a sequence: executed, or ignored
# What comes between ESC and the parameters of a CSI.
_INTRODUCED = (
    rb"(?:[%(s)b]*\[|(?:[ -/%(s)b]*|[%(s)b]*[\[P][ -?%(s)b]*|[%(s)b]*[X^_][^\x18\x1a\x1b\x80-\x9f]*)\x9b)"
    rb"(?:[ -?%(s)b]*\x9b)*" % {b"s": SKIPPED}
)
_REPEAT: Final = re.compile(
    rb"\x1b%b(?P<count>[0-9%b]{%d,})(?:;[%b]*)?b"
    % (_INTRODUCED, SKIPPED, COUNT_DIGITS_MIN, SKIPPED)
)
HINT_SOURCE: Final = rb"(?:[0-9][%b]*){%d}(?:;[%b]*)?b" % (SKIPPED, COUNT_DIGITS_MIN, SKIPPED)
"""Matches every such sequence that is whole, and little else. Matches only the last digits, so it is linear in a run of
digits.
"""
HIDDEN_SOURCE: Final = HINT_SOURCE + rb"|\x9b[;%(s)b]*[0-9][0-9;%(s)b]*[SbJ]" % {b"s": SKIPPED}
# What may become such a sequence with more input, by what is remembered of it.
_UNFINISHED_COUNT: Final = re.compile(
    rb"\x1b%b(?P<count>[0-9%b]*)(?P<end>;?)[%b]*\Z" % (_INTRODUCED, SKIPPED, SKIPPED)
)
_UNFINISHED: Final = tuple(
    (re.compile(rb"\x1b" + source % {b"s": SKIPPED} + rb"\Z"), kept)
    for source, kept in (
        (rb"[%(s)b]*", b"\x1b"),
        (rb"[ -/%(s)b]*", b"\x1b "),
        (rb"[%(s)b]*P[ -?%(s)b]*", b"\x1bP"),
        (rb"[%(s)b]*[X^_][^\x18\x1a\x1b\x80-\x9f]*", b"\x1b_"),
        (_INTRODUCED.replace(b"%", b"%%") + rb"[ -?%(s)b]*", b"\x1b[:"),
    )
)
_WHOLE: Final = re.compile(rb"\x1b\[[0-9:;?]*[@-~]")
_NO_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))


class Repeats:
    """The filter in front of one terminal's input."""

    __slots__ = ("tail",)

    def __init__(self, unfinished: bytes = b"") -> None:
        """`unfinished` is the sequence in the middle of which the engine is."""
        self.tail = kept(unfinished)
        """Stands for the unfinished sequence at the end of the input, if it may become a REP; else empty."""

    def followed(self, data: bytes, columns: int) -> bytes:
        """Filter input that contains no sequence but the rest of an unfinished one, and others for which `needed` is
        false.
        """
        text = self.tail + data
        found = _REPEAT.match(text) if self.tail else None
        if found is not None and _number(found["count"]) > max(columns, SMALL_COUNT_MAX):
            end = found.end() - len(self.tail)
            data = data[: end - 1] + b"\x18\x1b[%db" % max(columns, SMALL_COUNT_MAX) + data[end:]
        self.tail = kept(text)
        return data

    def clamped(self, data: bytes, columns: int, *, many: bool = True) -> tuple[bytes, bool]:
        """Return the input with no REP that fills more than a row or repeats more than SMALL_COUNT_MAX times, and whether
        one was changed.

        `many` is the result of `pushed.many` for the input, which is true for every such REP that begins in it.
        """
        text, changed = self.tail + data, False
        if (many or self.tail) and _hinted(text):
            data = self._replaced(text, max(columns, SMALL_COUNT_MAX))
            changed = True
        self.tail = kept(text)
        return data, changed

    def _replaced(self, text: bytes, count_max: int) -> bytes:
        parts: list[bytes] = []
        done = len(self.tail)
        for found in _REPEAT.finditer(text):
            if _number(found["count"]) > count_max:
                parts.append(text[done : found.end() - 1])
                parts.append(b"\x18\x1b[%db" % count_max)
                done = found.end()
        parts.append(text[done:])
        return b"".join(parts)


def kept(text: bytes) -> bytes:
    """Return what stands for the end of `text` if that is an unfinished sequence that may become a REP; else nothing."""
    at = text.rfind(b"\x1b")
    if at < 0 or _WHOLE.match(text, at):
        return b""
    count = _UNFINISHED_COUNT.match(text, at)
    if count is not None:
        digits = count["count"].translate(None, _NO_DIGITS)
        return b"\x1b[" + (digits.lstrip(b"0") or digits[:1])[:DIGITS_MAX] + count["end"]
    return next((stands for pattern, stands in _UNFINISHED if pattern.match(text, at)), b"")


def hidden(data: bytes) -> bool:
    """Whether input may contain REP, SU or ED with a count that begins with CSI in one byte instead of `ESC [`."""
    if CSI not in data:
        return False
    if len(data) < LONG_BYTES_MIN:
        return _SHORT_HIDDEN.search(data) is not None
    return _long_hidden().search(data) is not None


def _number(count: bytes) -> int:
    digits = count.translate(None, _NO_DIGITS).lstrip(b"0")[:DIGITS_MAX]
    return min(int(digits or b"0"), COUNT_MAX)


def _hinted(text: bytes) -> bool:
    if len(text) < LONG_BYTES_MIN:
        return _SHORT_HINT.search(text) is not None
    return _long_hint().search(text) is not None


_SHORT_HINT: Final = re.compile(HINT_SOURCE)
_SHORT_HIDDEN: Final = re.compile(HIDDEN_SOURCE)


@functools.cache
def _long_hint() -> Any:
    return quick(HINT_SOURCE)


@functools.cache
def _long_hidden() -> Any:
    return quick(HIDDEN_SOURCE)


def quick(source: bytes) -> Any:
    """Return the expression for `search` only; faster than that of `re` in large input."""
    import re2  # imported late: a server without much output starts faster without it

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    return re2.compile(source, options)
