"""How many rows the blocks of a pane's scrollback take at a width, learnt a few blocks at a time and remembered."""

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
"""How many blocks one call may read to learn how wide their lines are."""


class Counted(NamedTuple):
    """`lines` lines take `rows` rows; `unknown` lines were not measured yet."""

    rows: int
    lines: int
    unknown: int


class RowCount:
    """Of one pane. Blocks only come in at the end; when others go, `forget`."""

    def __init__(self) -> None:
        self._columns = self._measured = self._rows = 0
        self.left_out = False
        """Whether the last count wanted blocks that are on the disk: see `measure`."""

    def forget(self) -> None:
        """The blocks are others now."""
        self._columns = self._measured = self._rows = 0

    def count(
        self, columns: int, blocks: Sequence[Block], unpacked: Callable[[Block], BlockLines | None]
    ) -> Counted:
        """Count what is known, and measure some of what is not, but for what is on the disk. `unpacked` has newer lines."""
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
        """Measure what `count` left out. Reads from disk, on any thread."""
        for block in blocks:
            if block.line_bytes_max > self._columns and block.widths is None:
                block.widths = widths_of(content(block))


def _in_memory(block: Block, unpacked: Callable[[Block], BlockLines | None]) -> BlockLines | None:
    """The lines of a block, unless they are on the disk; of a tombstone none, which is near enough."""
    if block.lost is not None:
        return blank_of(block.count)
    packed = block.packed
    try:
        return unpacked(block) if packed is None else unpack_lines(packed, block.count)
    except PackDamaged:
        return blank_of(block.count)


def rows_of(line: bytes, columns: int) -> int:
    """How many rows a line takes."""
    cells = len(line) if len(line) <= columns else cells_of(plain(line))
    return max(1, -(-cells // columns))


def first_rows(block: Block, lines: int, columns: int, *, usual: float) -> int:
    """About how many rows the first lines of a block take; `usual` rows each where it was not measured."""
    if block.line_bytes_max <= columns:
        return lines
    if block.widths is None:
        return int(lines * usual)
    return rows_at(block.widths, columns) * lines // block.count


def narrow_from(
    blocks: Sequence[Block], opened: Sequence[bytes], next_line: int, columns: int
) -> int:
    """The number of a line from which on each takes one row at this width, told without reading any of the blocks."""
    if any(len(line) > columns for line in opened):
        return next_line
    line = next_line - len(opened)
    for block in reversed(blocks):
        if block.line_bytes_max > columns:
            break
        line = block.first
    return line
