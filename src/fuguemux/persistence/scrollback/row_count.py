"""Counts how many rows the blocks of a pane's scrollback take at a width. Blocks are measured a few at a time, and
results kept.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from fuguemux.persistence.scrollback.blocks import (
    Block,
    BlockLines,
    blank_of,
    cells_of,
    rows_at,
    unpack_lines,
    widths_of,
)
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.scrollback.pattern import plain

MEASURED_BLOCKS_MAX: Final = 16
"""The number of blocks that one call may read to measure their lines."""


class Counted(NamedTuple):
    """`lines` lines take `rows` rows; `unknown` lines were not measured yet."""

    rows: int
    lines: int
    unknown: int


class RowCount:
    """The row count of one pane. Blocks may only be added at the end; after any other change call `forget`."""

    def __init__(self) -> None:
        self._columns = self._measured = self._rows = 0
        self.left_out = False
        """Whether the last count needed blocks that are on the disk; see `measure`."""

    def forget(self) -> None:
        """Forget the count, because blocks were removed or replaced."""
        self._columns = self._measured = self._rows = 0

    def count(
        self, columns: int, blocks: Sequence[Block], unpacked: Callable[[Block], BlockLines | None]
    ) -> Counted:
        """Count measured blocks, and measure some of the others unless they are on the disk. `unpacked` returns hot
        blocks.
        """
        self.left_out = False
        if self._columns != columns:
            self._columns, self._measured, self._rows = columns, 0, 0
        rows, unknown, budget = self._rows, 0, MEASURED_BLOCKS_MAX
        lines = sum(block.count for block in blocks[: self._measured])
        for index in range(self._measured, len(blocks)):
            block = blocks[index]
            if block.line_bytes_max <= columns:
                block_rows = block.count
            else:
                if block.widths is None and budget > 0:
                    known = _in_memory(block, unpacked)
                    if known is None:
                        self.left_out = True
                    else:
                        budget -= 1
                        block.widths = widths_of(known)
                if block.widths is None:
                    unknown += block.count
                    continue
                block_rows = rows_at(block.widths, columns)
            rows += block_rows
            lines += block.count
            if not unknown:
                self._measured, self._rows = index + 1, rows
        return Counted(rows, lines, unknown)

    def measure(self, blocks: Sequence[Block], content: Callable[[Block], BlockLines]) -> None:
        """Measure the blocks that `count` left out. Reads from disk, on any thread."""
        for block in blocks:
            if block.line_bytes_max > self._columns and block.widths is None:
                block.widths = widths_of(content(block))


def _in_memory(block: Block, unpacked: Callable[[Block], BlockLines | None]) -> BlockLines | None:
    """The lines of a block, unless they are on the disk. Those of a tombstone count as empty, which is near enough."""
    if block.lost is not None:
        return blank_of(block.count)
    packed = block.packed
    try:
        return unpacked(block) if packed is None else unpack_lines(packed, block.count)
    except PackDamaged:
        return blank_of(block.count)


def rows_of(line: bytes, columns: int) -> int:
    """The number of rows that a line takes."""
    cells = len(line) if len(line) <= columns else cells_of(plain(line))
    return max(1, -(-cells // columns))


def first_rows(block: Block, lines: int, columns: int, *, usual: float) -> int:
    """About how many rows the first lines of a block take, with `usual` rows per line if it was not measured."""
    if block.line_bytes_max <= columns:
        return lines
    if block.widths is None:
        return int(lines * usual)
    return rows_at(block.widths, columns) * lines // block.count


def narrow_from(
    blocks: Sequence[Block], opened: Sequence[bytes], next_line: int, columns: int
) -> int:
    """Return a line number from which on each line takes one row at this width. Reads no blocks."""
    if any(len(line) > columns for line in opened):
        return next_line
    line = next_line - len(opened)
    for block in reversed(blocks):
        if block.line_bytes_max > columns:
            break
        line = block.first
    return line
