"""Searching a pane's scrollback, block by block, from either end."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from fuguemux.persistence.blocks import Lines, Pattern

Content = Callable[[], Lines]
"""Gives the lines of one part of the scrollback; may read from disk."""


class Hit(NamedTuple):
    """A line that matches: its number, and where in its text, as offsets of characters."""

    line: int
    spans: list[tuple[int, int]]


class Part(NamedTuple):
    """A run of lines. `first` is the number of its first line."""

    first: int
    content: Content


def search(
    parts: Sequence[Part],
    pattern: Pattern,
    *,
    base: int,
    start: int,
    total: int,
    backward: bool,
    cancelled: Callable[[], bool],
    progress: Callable[[int, int], None],
) -> Iterator[Hit]:
    """Matching logical lines from line `start` on, none below `base`; see PaneScrollback.search."""
    at = bisect_right(parts, start, key=lambda part: part.first) - 1
    order = range(at, -1, -1) if backward else range(max(at, 0), len(parts))
    done = 0
    for index in order:
        if cancelled():
            return
        part = parts[index]
        content = part.content()
        before = parts[index - 1] if index and 0 in content.pieces else None
        found = list(_hits_in(pattern, content, part.first, before))
        for hit in reversed(found) if backward else found:
            wanted = hit.line <= start if backward else hit.line >= start
            if wanted and hit.line >= base:
                yield hit
        done += content.size
        progress(min(done, total), total)


def _hits_in(pattern: Pattern, content: Lines, first: int, before: Part | None) -> Iterator[Hit]:
    if content.pieces:
        for number, line in _logical_lines(content, first, before):
            if any(True for _ in pattern.candidates(line)) and (spans := pattern.spans(line)):
                yield Hit(number, spans)
        return
    text, at, counted = content.text, 0, 0
    for offset in pattern.candidates(text):
        counted += text.count(b"\n", at, offset)
        at = offset
        begin, end = text.rfind(b"\n", 0, offset) + 1, text.find(b"\n", offset)
        spans = pattern.spans(text[begin : end if end >= 0 else len(text)])
        if spans:
            yield Hit(first + counted, spans)


def _logical_lines(content: Lines, first: int, before: Part | None) -> Iterator[tuple[int, bytes]]:
    """Lines put together from their pieces; one that began in the part before, with that part's last line."""
    number, parts = first, []
    if before is not None:
        parts = [before.content().split()[-1]]
        number = first - 1
    for index, line in enumerate(content.split()):
        if index not in content.pieces and (index or parts):
            yield number, b"".join(parts)
            parts = []
        if not parts:
            number = first + index
        parts.append(line)
    yield number, b"".join(parts)
