"""Searches a pane's lines, some blocks at a time, from either end."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from fuguemux.persistence.scrollback.blocks import Block, BlockLines
from fuguemux.persistence.scrollback.pattern import Pattern, plain

Content = Callable[[], BlockLines]
"""Returns the lines of one part; may read from disk. Returns no lines if they were dropped meanwhile."""
RUN_BYTES_MAX: Final = 1 << 20
"""A logical line that spans parts is searched as one up to about this size."""


Hold = Callable[[], tuple[Content, int]]
"""Reads from disk. Returns a function with the same lines in memory, and their size in bytes there."""


class SearchPart(NamedTuple):
    """A run of lines. `first` is the number of its first line, `size` the number of lines.

    `hold` loads its lines into memory; None if `content` has them there.
    """

    first: int
    size: int
    content: Content
    hold: Hold | None = None


class Hit(NamedTuple):
    """A matching logical line: the number of its first piece, and its text without styles."""

    line: int
    text: bytes


class Read(NamedTuple):
    """A part that was read."""

    first: int
    lines: BlockLines


class SearchRun(NamedTuple):
    """Parts that were read and joined: one logical line per line, with styles. `numbers` are their line numbers; None if
    consecutive.
    """

    first: int
    size: int
    text: bytes
    numbers: list[int] | None


class RunHits(NamedTuple):
    """The hits of one run, and the number of its lines."""

    hits: list[Hit]
    lines: int


def search_parts(
    parts: Sequence[SearchPart],
    pattern: Pattern,
    *,
    base: int = 0,
    start: int | None = None,
    backward: bool = False,
) -> Iterator[RunHits]:
    """Yield the matching logical lines in order from line `start` on, none below `base`; one value per run, often without
    hits.

    Each value takes milliseconds, so that the caller can stop, show progress, or give other work its turn.
    """
    for run in runs(parts, start=start, backward=backward):
        found = hits_in(run, pattern)
        if backward:
            found.reverse()
        wanted = [hit for hit in found if _wanted(hit.line, base, start, backward=backward)]
        yield RunHits(wanted, run.size)


def _wanted(line: int, base: int, start: int | None, *, backward: bool) -> bool:
    if line < base:
        return False
    return start is None or (line <= start if backward else line >= start)


def not_searched(blocks: Iterable[Block], first: int = 0, last: int | None = None) -> int:
    """How many lines from `first` to `last` could not be searched: damaged, or unreadable at the last attempt."""
    return sum(
        block.count
        for block in blocks
        if (block.lost is not None or block.unread)
        and block.end > first
        and (last is None or block.first <= last)
    )


def hits_in(run: SearchRun, pattern: Pattern) -> list[Hit]:
    """The logical lines of a run that match, in order."""
    found: list[Hit] = []
    if not pattern.may_match(run.text):
        return found
    text, at, index = plain(run.text), 0, 0
    for begin, end in pattern.matching_lines(text):
        index += text.count(b"\n", at, begin)
        at = begin
        number = run.first + index if run.numbers is None else run.numbers[index]
        found.append(Hit(number, text[begin:end]))
    return found


def runs(
    parts: Sequence[SearchPart], *, start: int | None = None, backward: bool = False
) -> Iterator[SearchRun]:
    """Yield the text of the parts, from the part with line `start` on, in order. A line in pieces is whole in its run."""
    if parts:
        found = _backward(parts, start) if backward else _forward(parts, start)
        for together in found:
            run = _run(together)
            if run.size:
                yield run


def _forward(parts: Sequence[SearchPart], start: int | None) -> Iterator[list[Read]]:
    at = 0 if start is None else max(bisect_right(parts, start, key=_first) - 1, 0)
    content: BlockLines | None = parts[at].content()
    while content is not None:
        together, size = [Read(parts[at].first, content)], len(content.text)
        at += 1
        content = parts[at].content() if at < len(parts) else None
        while content is not None and 0 in content.pieces and size <= RUN_BYTES_MAX:
            together.append(Read(parts[at].first, content))
            size += len(content.text)
            at += 1
            content = parts[at].content() if at < len(parts) else None
        yield together


def _backward(parts: Sequence[SearchPart], start: int | None) -> Iterator[list[Read]]:
    at, behind = len(parts) - 1, []
    if start is not None:
        at = max(bisect_right(parts, start, key=_first) - 1, 0)
        behind = _rest_of_line(parts, at + 1)
    while at >= 0:
        content = parts[at].content()
        together, size = [Read(parts[at].first, content), *behind], len(content.text)
        behind = []
        while 0 in content.pieces and at > 0 and size <= RUN_BYTES_MAX:
            at -= 1
            content = parts[at].content()
            together.insert(0, Read(parts[at].first, content))
            size += len(content.text)
        yield together
        at -= 1


def _rest_of_line(parts: Sequence[SearchPart], at: int) -> list[Read]:
    """The parts from `at` on that begin in the middle of a line."""
    rest: list[Read] = []
    size = 0
    while at < len(parts) and size <= RUN_BYTES_MAX:
        content = parts[at].content()
        if 0 not in content.pieces:
            break
        rest.append(Read(parts[at].first, content))
        size += len(content.text)
        at += 1
    return rest


def _first(part: SearchPart) -> int:
    return part.first


def _run(together: Sequence[Read]) -> SearchRun:
    first, content = together[0]
    if len(together) == 1 and not content.pieces:
        return SearchRun(first, content.size, content.text, None)
    lines: list[bytes] = []
    numbers: list[int] = []
    for first_number, read in together:
        for number, line in enumerate(read.split(), first_number):
            if number - first_number in read.pieces and lines:
                lines[-1] += line
            else:
                lines.append(line)
                numbers.append(number)
    return SearchRun(first, sum(read.size for _, read in together), b"\n".join(lines), numbers)
