"""One pane's scrollback: lines are added at the end, dropped at the beginning, and read anywhere."""

import contextlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.block_store import BlockStore
from fuguemux.persistence.scrollback.blocks import (
    Block,
    BlockLines,
    Line,
    blank_of,
    unpack_lines,
)
from fuguemux.persistence.scrollback.hot_tail import HotTail
from fuguemux.persistence.scrollback.open_block import OpenBlock
from fuguemux.persistence.scrollback.packs import PackDamaged, PackPlace, PackUnreadable
from fuguemux.persistence.scrollback.pattern import Pattern
from fuguemux.persistence.scrollback.row_count import RowCount, first_rows, narrow_from, rows_of
from fuguemux.persistence.scrollback.scrollback_index import Index
from fuguemux.persistence.scrollback.scrollback_parts import (
    Cut,
    Sizes,
    blocks_in,
    lines_of,
    part_of,
)
from fuguemux.persistence.scrollback.scrollback_search import Hit, SearchPart, search_parts


class PaneScrollback:
    """The scrollback of one pane."""

    def __init__(self, store: BlockStore, pane: PaneId, index: Index | None = None) -> None:
        self._store = store
        self._pane = pane
        self._blocks: list[Block] = []
        self._open = OpenBlock()
        self.row_count = RowCount()
        self._hot = HotTail()
        self.limit_lines: int | None = None
        """The number of lines to keep; None for all. Applied when lines arrive, and by `trim`."""
        self.version = 0
        """Increases with every change."""
        self.base = 0
        self._next = 0
        self._reopen = False
        self._taken_back = 0
        """The version in which lines were last taken back."""
        if index is not None:
            self._load(index)

    def _load(self, index: Index) -> None:
        self._blocks = blocks_in(index)
        for block in self._blocks:
            self._store.place_changed(None, block.place)
        self.base = index.base
        self._next = max(self._blocks[-1].end if self._blocks else index.first, index.base)
        self._reopen = bool(self._blocks) and not self._blocks[-1].full

    # -- changes ------------------------------------------------------------------------------

    @property
    def next_line(self) -> int:
        """The number of the next line."""
        return self._next

    def __len__(self) -> int:
        return self._next - self.base

    def append(self, lines: Sequence[bytes], *, continued: bool = False) -> None:
        """Add lines at the end. `continued`: the first one goes on where the last one ended.

        Compresses once per 64 KiB. Pieces of a line are joined as long as the line is short.
        """
        if not lines:
            return
        self.reopen()
        self.version += 1
        if continued and self._next > self.base and self._open.join(lines[0]):
            lines = lines[1:]
        size = sum(map(len, lines)) + len(lines)
        if self._open.has_room(len(lines), size):
            self._extend(lines, size)
        else:
            self._extend_in_blocks(lines)
        if self.limit_lines is not None and len(self) > self.limit_lines:
            self._trim(self.limit_lines)

    def _extend(self, lines: Sequence[bytes], size: int) -> None:
        self._open.extend(lines, size)
        self._next += len(lines)

    def _extend_in_blocks(self, lines: Sequence[bytes]) -> None:
        sizes = list(accumulate((len(line) + 1 for line in lines), initial=0))
        done = 0
        while done < len(lines):
            stop = self._open.fitting(sizes, done)
            self._extend(lines[done:stop], sizes[stop] - sizes[done])
            done = stop
            if self._open.full:
                self._seal()

    def _seal(self) -> None:
        content = self._open.content()
        block = self._open.sealed(self._open_first, content, self._store.level)
        self._blocks.append(block)
        self._hot.put(block, content, self._hot_from(), self._store.hot_lines)
        self._close_open()

    @property
    def _open_first(self) -> int:
        """The number of the first line of the open block."""
        return self._next - len(self._open)

    def _hot_from(self) -> int:
        """The number of the first line that is to be in memory unpacked."""
        return self._next - self._store.hot_lines

    def cool(self, *, idle: bool = False) -> None:
        """Free the memory of unpacked lines beyond the store's `hot_lines`; with `idle` of all of them."""
        self._hot.cool(None if idle else self._hot_from())

    def _close_open(self) -> None:
        self._store.place_changed(self._open.place, None)
        self._open = OpenBlock()

    def reopen(self) -> None:
        """Continue to fill the last block of a checkpoint, if it was written half full. Reads the block."""
        if not self._reopen:
            return
        self._reopen = False
        block = self._blocks[-1]
        try:
            lines = unpack_lines(self._store.packed(block, self._pane), block.count)
        except PackUnreadable:
            return  # leave the block as it is: reading it reports what is wrong
        except PackDamaged as error:
            self._store.losses.note(block, self._pane, error)
            return
        self._open_last(lines)

    def newest(self, count: int) -> list[Line]:
        """Return the newest `count` lines, or fewer, from those that can be taken back. Reads blocks as `read` does."""
        first = self._next - max(count, 0)
        for block in reversed(self._blocks):
            if block.end <= first:
                break
            if block.lost is not None or not self._content(block)[1]:
                first = block.end
                break
        return self.read(first, self._next)

    def take_back(self, count: int) -> list[bytes]:
        """Remove the newest `count` lines, which `newest` has returned, and return them. Their numbers are used again."""
        self.reopen()
        taken: list[bytes] = []
        while len(taken) < count:
            if not self._open:
                self._open_last(self._content(self._blocks[-1])[0])
            number = min(count - len(taken), len(self._open))
            taken[:0] = self._open.lines[-number:]
            kept = self._open.without(number)
            self._close_open()
            self._open = kept
            self._next -= number
        self.version += 1
        self._taken_back = self.version
        self.row_count.forget()
        return taken

    def _open_last(self, lines: BlockLines) -> None:
        """Continue the last block, whose content is `lines`."""
        block = self._blocks.pop()
        self._open = OpenBlock.reopened(lines, block.place)
        block.place = None  # the open block accounts for its bytes from now on
        self._store.drop_block(block)

    def trim(self, limit_lines: int) -> None:
        """Drop all but the newest `limit_lines` lines."""
        if len(self) > limit_lines:
            self.version += 1
            self._trim(limit_lines)

    def _trim(self, limit_lines: int) -> None:
        self.base = self._next - limit_lines
        gone = bisect_right(self._blocks, self.base, key=lambda block: block.end)
        if gone:
            self.row_count.forget()
            for block in self._blocks[:gone]:
                self._store.drop_block(block)
            del self._blocks[:gone]
            self._hot.cool(self.base)
            self._reopen = self._reopen and bool(self._blocks)

    def clear(self, *, erase: bool = False) -> None:
        """Drop all lines. With `erase`, the next checkpoint removes their bytes from the disk, including the log."""
        if erase:  # `|=` could undo what another thread sets for another pane
            self._store.erase_wanted = True
        if not self._open and not self._blocks:
            return
        self.forget()
        self.base = self._next
        self.version += 1

    def forget(self) -> None:
        """Give up all blocks."""
        for block in self._blocks:
            self._store.drop_block(block)
        self._blocks.clear()
        self._hot.cool()
        self._close_open()
        self._reopen = False
        self.row_count.forget()

    def withdraw(self) -> None:
        """Take what is on disk back into memory, so that none of this pane's lines stay on disk.

        Damaged blocks become tombstones. Raises PackUnreadable; then the blocks that were not read yet are unchanged.
        """
        self.reopen()
        self._store.erase_wanted = True
        for block in self._blocks:
            if block.place is not None:
                self._into_memory(block)
        self._store.losses.adopt()
        self._store.place_changed(self._open.place, None)
        self._open.place = None
        self._open.written = (0, 0)

    def _into_memory(self, block: Block) -> None:
        """Load a block that no further checkpoint will contain. Notes it if it is damaged. Raises PackUnreadable."""
        try:
            packed = self._store.packed(block, self._pane)
        except PackUnreadable:
            raise
        except PackDamaged as error:
            self._store.losses.note(block, self._pane, error)
            return
        block.packed = packed
        self._store.place_changed(block.place, None)
        block.place = None

    def blocks_changed(self) -> None:
        """A block has become a tombstone, or is no longer where it was."""
        self.version += 1
        self.row_count.forget()

    def cut_anew(self) -> None:
        """Make the next checkpoint examine the whole scrollback again, because it has to store more lines, or fewer."""
        self.version += 1

    # -- for the checkpoint -------------------------------------------------------------------

    def cut(self, lines_max: int | None = None) -> Cut:
        """Return what a checkpoint has to write to keep the newest `lines_max` lines. Copies no line.

        Older lines stay readable: those on disk are loaded into memory, since their pack may be removed with the
        checkpoint.
        """
        base = self.base if lines_max is None else max(self.base, self._next - lines_max)
        first = bisect_right(self._blocks, base, key=lambda block: block.end)
        opened = self._open
        for block in self._blocks[:first]:
            if block.place is not None:
                with contextlib.suppress(PackUnreadable):
                    self._into_memory(block)
        return Cut(
            self._pane,
            self.version,
            base,
            self._blocks[first:],
            self._open_first,
            list(opened.lines),
            list(opened.pieces),
            opened.place if opened.extent == opened.written else None,
            opened.extent,
        )

    def written(self, cut: Cut, places: dict[int, PackPlace], open_place: PackPlace | None) -> None:
        """Note that a checkpoint wrote `cut`: its blocks at these indices, and the open lines, are at these places now."""
        for index, place in places.items():
            self._store.moved(cut.blocks[index], place)
        opened = self._open
        still_open = self._open_first == cut.open_first and bool(opened)
        still_open = still_open and cut.version >= self._taken_back
        if open_place is not None and open_place != opened.place and still_open:
            self._store.place_changed(opened.place, open_place)
            opened.place = open_place
            opened.written = cut.open_extent

    # -- reading ------------------------------------------------------------------------------

    def read(self, start: int, stop: int) -> list[Line]:
        """Return the lines from number `start` up to `stop`, as far as they exist. May read from disk."""
        start, stop = max(start, self.base), min(stop, self._next)
        if start >= stop:
            return []
        result: list[Line] = []
        at = bisect_right(self._blocks, start, key=lambda block: block.end)
        while at < len(self._blocks) and self._blocks[at].first < stop:
            block = self._blocks[at]
            content, _whole = self._content(block)
            result += lines_of(
                content.split(), content.pieces, start - block.first, stop - block.first
            )
            at += 1
        opened, first = self._open, self._open_first
        if stop > first:
            result += lines_of(opened.lines, opened.pieces, start - first, stop - first)
        return result

    def narrow_from(self, columns: int) -> int:
        """Return a line number from which on each line takes one row at this width. Reads no lines."""
        return max(narrow_from(self._blocks, self._open.lines, self._next, columns), self.base)

    def sizes(self) -> Sizes:
        """Return how much there is, and where."""
        memory = self._open.raw_bytes + sum(
            len(b.packed) for b in self._blocks if b.packed is not None
        )
        hot = self._hot.text_bytes
        places = [block.place for block in self._blocks] + [self._open.place]
        disk = sum(place.length for place in places if place is not None)
        raw = sum(block.raw_bytes for block in self._blocks) + self._open.raw_bytes
        return Sizes(len(self), raw, memory + hot, disk, hot)

    def rows(self, columns: int) -> int:
        """Return about how many rows the lines take at this width.

        Exact once the blocks with long lines have been measured: some in each call, those on disk by `row_count.measure`.
        """
        rows, lines, unknown = self.row_count.count(columns, self._blocks, self._hot.get)
        rows += sum(rows_of(line, columns) for line in self._open.lines)
        lines += len(self._open)
        total = rows + (unknown * rows // lines if lines else unknown)
        cut_off = self.base - (self._next - lines - unknown)
        if cut_off and self._blocks:
            cut_off = first_rows(self._blocks[0], cut_off, columns, usual=rows / max(lines, 1))
        elif cut_off:
            cut_off = sum(rows_of(line, columns) for line in self._open.lines[:cut_off])
        return max(total - cut_off, len(self))

    def parts(self, *, notices: bool = True) -> list[SearchPart]:
        """Return the lines of this moment. Any thread may read them while lines are added and dropped.

        Without `notices`, unreadable lines are empty, so that a search finds nothing in the notice that stands in their
        place.
        """
        shown = self.shown if notices else self._searched
        parts = [self._part_of(block, shown) for block in self._blocks]
        if self._open:
            content = self._open.content()
            parts.append(SearchPart(self._open_first, content.size, lambda: content))
        return parts

    def search(
        self, pattern: Pattern, *, start: int | None = None, backward: bool = False
    ) -> Iterator[Hit]:
        """Find the matching logical lines of this moment, from line `start` on (default: all); see `search_parts`."""
        parts = self.parts(notices=False)
        found = search_parts(parts, pattern, base=self.base, start=start, backward=backward)
        return (hit for each in found for hit in each.hits)

    def _part_of(self, block: Block, shown: Callable[[Block], BlockLines]) -> SearchPart:
        packed = partial(self._store.packed, block, self._pane)
        return part_of(block, packed, partial(self._hot.get, block), partial(shown, block))

    def _searched(self, block: Block) -> BlockLines:
        """As `shown`, but with empty lines in place of a notice, so that a search does not match the notice."""
        lines, whole = self._content(block, keep=False)
        return lines if whole else blank_of(block.count)

    def unpacked(self, block: Block) -> BlockLines | None:
        """The lines of a block if they are among the hot ones."""
        return self._hot.get(block)

    def blocks(self) -> list[Block]:
        """The finished blocks at this moment, the oldest first."""
        return list(self._blocks)

    def lost(self) -> list[Block]:
        """The tombstones, the oldest first."""
        return [block for block in self._blocks if block.lost is not None]

    def shown(self, block: Block) -> BlockLines:
        """The lines of a block as they are shown: from memory if possible, a notice if they cannot be read."""
        return self._content(block, keep=False)[0]

    def _content(self, block: Block, *, keep: bool = True) -> tuple[BlockLines, bool]:
        """The lines of a block, from memory or disk, and whether they are complete. With `keep` they stay in memory for a
        while.
        """
        lines, whole = self._hot.get(block), True
        if lines is None:
            hot = block.end > self._hot_from()
            lines, whole = self._store.content(block, self._pane, keep=keep and not hot)
            if keep and hot and whole:
                self._hot.put(block, lines, self._hot_from(), self._store.hot_lines)
        return lines, whole
