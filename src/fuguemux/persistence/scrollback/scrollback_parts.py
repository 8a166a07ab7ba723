"""The forms in which a pane's scrollback is handed out: sizes, a cut for a checkpoint, lines, and blocks from an index."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.blocks import Block, BlockLines, Line, LostBlock, unpack_lines
from fuguemux.persistence.scrollback.packs import PackDamaged, PackPlace
from fuguemux.persistence.scrollback.scrollback_index import Index
from fuguemux.persistence.scrollback.scrollback_search import Content, SearchPart

LOST_BEFORE: Final = "it could not be read when the last checkpoint was written"


class Sizes(NamedTuple):
    """Sizes of one pane's scrollback."""

    lines: int
    raw_bytes: int
    memory_bytes: int
    disk_bytes: int
    hot_bytes: int
    """The part of `memory_bytes` that unpacked finished blocks take."""


class Cut(NamedTuple):
    """A pane's scrollback at one moment, for a checkpoint to write.

    `open_place`: where the open lines are stored already, if they are exactly as they are now.
    """

    pane: PaneId
    version: int
    base: int
    blocks: list[Block]
    open_first: int
    open_lines: list[bytes]
    open_pieces: list[int]
    open_place: PackPlace | None
    open_extent: tuple[int, int]


def blocks_in(index: Index) -> list[Block]:
    """The blocks that an index names, the oldest first."""
    blocks = []
    first = index.first
    for row in index.blocks:
        block = Block(first, row.count, row.raw_bytes, row.line_bytes_max)
        if row.lost_bytes:
            block.lost = LostBlock(row.lost_bytes, LOST_BEFORE)
        else:
            block.place = PackPlace(index.packs[row.pack], row.offset, row.length)
        blocks.append(block)
        first += row.count
    return blocks


def lines_of(
    lines: Sequence[bytes], pieces: Sequence[int] | frozenset[int], start: int, stop: int
) -> list[Line]:
    """Some of a block's lines, from index `start` up to `stop`."""
    start = max(start, 0)
    return [Line(line, index in pieces) for index, line in enumerate(lines[start:stop], start)]


def part_of(
    block: Block,
    packed: Callable[[], bytes],
    hot: Callable[[], BlockLines | None],
    shown: Callable[[], BlockLines],
) -> SearchPart:
    """A block's lines at this moment. `packed` reads them, or raises PackDamaged; `hot` returns them if they are
    unpacked.
    """
    gone = BlockLines(b"", 0, frozenset())

    def content() -> BlockLines:
        # A block that was trimmed meanwhile will soon be removed from the disk.
        return gone if block.dropped and block.packed is None else shown()

    def unpacked(data: bytes) -> BlockLines:
        found = hot()
        try:
            return unpack_lines(data, block.count) if found is None else found
        except PackDamaged:
            return content()

    def hold() -> tuple[Content, int]:
        try:
            data = packed()
        except PackDamaged:
            lines = content()
            return (lambda: lines), len(lines.text)
        return partial(unpacked, data), len(data)

    if block.packed is not None:
        return SearchPart(block.first, block.count, hold()[0])
    return SearchPart(block.first, block.count, content, hold)
