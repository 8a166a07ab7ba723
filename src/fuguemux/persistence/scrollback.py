"""The scrollback of all panes: what left the terminal engine, compressed, most of it on disk and read when asked for.

A pane's lines are numbered from 0 for as long as the pane lives; the oldest kept one is `base`. Lines wait in an open
block, then compressed in memory until a checkpoint has put them into a pack; from then on they are read from there.
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.blocks import (
    BLOCK_BYTES_MAX,
    BLOCK_LINES_MAX,
    COMPRESSION_LEVEL,
    PIECE_BYTES_MAX,
    Block,
    Line,
    Lines,
    Pattern,
    cells_of,
    joined_text,
    pack_lines,
    plain,
    rows_at,
    unpack_lines,
    widths_of,
)
from fuguemux.persistence.packs import (
    EntryKind,
    PackDamaged,
    PackReader,
    Place,
    packed_payload,
)

CACHE_BYTES: Final = 4 << 20
MEASURED_BLOCKS_MAX: Final = 16
"""How many blocks one call may read to learn how wide their lines are."""


class BlockRow(msgspec.Struct, frozen=True, array_like=True):
    """A block in an index. `pack` is an index into the index's packs."""

    count: int
    pack: int
    offset: int
    length: int
    raw_bytes: int
    line_bytes_max: int


class Index(msgspec.Struct, frozen=True, array_like=True):
    """A pane's scrollback as a checkpoint knows it: the payload of a pack's INDEX entry, as MessagePack."""

    base: int
    first: int
    """The number of the first block's first line; at most `base`."""
    packs: tuple[bytes, ...]
    blocks: tuple[BlockRow, ...]


class Sizes(NamedTuple):
    """Of one pane's scrollback."""

    lines: int
    raw_bytes: int
    memory_bytes: int
    disk_bytes: int


class Hit(NamedTuple):
    """A line that matches: its number, and where in its text, as offsets of characters."""

    line: int
    spans: list[tuple[int, int]]


class Cut(NamedTuple):
    """A pane's scrollback as of one moment, for a checkpoint to write.

    `open_place`: where the open lines are already, exactly as they are now.
    """

    pane: PaneId
    version: int
    base: int
    blocks: list[Block]
    open_first: int
    open_lines: list[bytes]
    open_pieces: list[int]
    open_place: Place | None
    open_mark: tuple[int, int]


class ScrollbackStore:
    """The scrollback of every pane of a server.

    Lines are added, trimmed and cut on one thread; `read` and `search` may run on others meanwhile.
    """

    def __init__(self, reader: PackReader, *, level: int = COMPRESSION_LEVEL) -> None:
        self.reader = reader
        self.level = level
        self.live_bytes: dict[bytes, int] = {}
        """Of every pack, the bytes of blocks that are still part of some pane's scrollback."""
        self.erase_wanted = False
        """Whether somebody wants lines off the disk: the next checkpoint leaves none but living bytes."""
        self.damages: list[str] = []
        """One line for every block that could not be read."""
        self._panes: dict[PaneId, PaneScrollback] = {}
        self._cache: OrderedDict[int, tuple[Block, Lines]] = OrderedDict()
        self._cache_bytes = 0
        self._lock = threading.Lock()

    def __contains__(self, pane: PaneId) -> bool:
        return pane in self._panes

    def pane(self, pane: PaneId) -> "PaneScrollback":
        """The scrollback of a pane; empty if it had none."""
        found = self._panes.get(pane)
        if found is None:
            found = self._panes[pane] = PaneScrollback(self, pane)
        return found

    def panes(self) -> list[PaneId]:
        """The panes that have, or had, scrollback."""
        return list(self._panes)

    def load(self, pane: PaneId, index: Index) -> None:
        """Take a pane's scrollback from a checkpoint. Nothing is read but the index."""
        self._panes[pane] = PaneScrollback(self, pane, index)

    def drop(self, pane: PaneId) -> None:
        """The pane is gone, and its lines with it."""
        scrollback = self._panes.pop(pane, None)
        if scrollback is not None:
            scrollback.forget()

    # -- blocks, for the panes and the checkpoint ---------------------------------------------

    def place_changed(self, old: Place | None, new: Place | None) -> None:
        """Keep account of what is alive in which pack."""
        if new is not None:
            self.live_bytes[new.digest] = self.live_bytes.get(new.digest, 0) + new.length
        if old is not None:
            left = self.live_bytes.get(old.digest, 0) - old.length
            if left > 0:
                self.live_bytes[old.digest] = left
            else:
                self.live_bytes.pop(old.digest, None)

    def drop_block(self, block: Block) -> None:
        """The block is no longer part of any scrollback."""
        block.dropped = True
        self.place_changed(block.place, None)
        with self._lock:
            self._uncache(id(block))

    def moved(self, block: Block, place: Place) -> None:
        """A checkpoint put the block into a pack (or another one): read it from there from now on."""
        if block.dropped:
            return
        self.place_changed(block.place, place)
        block.place = place
        block.packed = None

    def packed(self, block: Block, pane: PaneId) -> bytes:
        """The compressed lines of a block. Raises PackDamaged."""
        while True:
            packed, place = block.packed, block.place
            if packed is not None:
                return packed
            assert place is not None, "a block is in memory or in a pack"
            try:
                return packed_payload(self.reader.read(place), EntryKind.BLOCK, pane)
            except PackDamaged:
                if block.place == place:
                    raise  # else a checkpoint moved it meanwhile

    def content(self, block: Block, pane: PaneId, *, keep: bool = True) -> Lines:
        """The lines of a block. If they cannot be read, one line says so and empty ones keep the numbers."""
        with self._lock:
            cached = self._cache.get(id(block))
            if cached is not None:
                self._cache.move_to_end(id(block))
                return cached[1]
        try:
            lines = unpack_lines(self.packed(block, pane), block.count)
        except PackDamaged as error:
            self.damages.append(f"%{pane} lines {block.first}-{block.end - 1}: {error}")
            notice = f"\x1b[7m[{block.count} lines are damaged on disk]\x1b[m".encode()
            return Lines(notice + b"\n" * (block.count - 1), block.count, frozenset())
        if keep:
            with self._lock:
                self._cache[id(block)] = (block, lines)
                self._cache_bytes += len(lines.text)
                while self._cache_bytes > CACHE_BYTES and len(self._cache) > 1:
                    self._uncache(next(iter(self._cache)))
        return lines

    def _uncache(self, key: int) -> None:
        cached = self._cache.pop(key, None)
        if cached is not None:
            self._cache_bytes -= len(cached[1].text)


class PaneScrollback:
    """The scrollback of one pane."""

    def __init__(self, store: ScrollbackStore, pane: PaneId, index: Index | None = None) -> None:
        self._store = store
        self._pane = pane
        self._blocks: list[Block] = []
        self._open: list[bytes] = []
        self._open_pieces: list[int] = []
        self._open_bytes = 0
        self._open_place: Place | None = None
        self._open_mark = (0, 0)
        self._rows: tuple[int, int, int] = (0, 0, 0)
        self.limit_lines: int | None = None
        """How many lines to keep; None: all. Applied as lines arrive, and by `trim`."""
        self.version = 0
        """Rises with every change."""
        self.base = 0
        self._next = 0
        self._reopen = False
        if index is not None:
            self._load(index)

    def _load(self, index: Index) -> None:
        first = index.first
        for row in index.blocks:
            place = Place(index.packs[row.pack], row.offset, row.length)
            self._blocks.append(
                Block(first, row.count, row.raw_bytes, row.line_bytes_max, place=place)
            )
            self._store.place_changed(None, place)
            first += row.count
        self.base = index.base
        self._next = max(first, index.base)
        self._reopen = bool(self._blocks) and not self._blocks[-1].full

    # -- changes ------------------------------------------------------------------------------

    @property
    def next_line(self) -> int:
        """The number that the next line will get."""
        return self._next

    def __len__(self) -> int:
        return self._next - self.base

    def append(self, lines: Sequence[bytes], *, continued: bool = False) -> None:
        """Add lines at the end. `continued`: the first one goes on where the last one ended.

        Costs a compression per 64 KiB. Pieces of a line are put together as long as it is short.
        """
        if not lines:
            return
        if self._reopen:
            self._reopen_last()
        self.version += 1
        start = 0
        if continued and self._next > self.base:
            start = self._continue(lines[0])
        if start:
            lines = lines[1:]
        size = sum(map(len, lines)) + len(lines)
        if (
            len(self._open) + len(lines) < BLOCK_LINES_MAX
            and self._open_bytes + size < BLOCK_BYTES_MAX
        ):
            self._extend(lines, size)
        else:
            self._extend_in_blocks(lines)
        if self.limit_lines is not None and len(self) > self.limit_lines:
            self._trim(self.limit_lines)

    def _continue(self, piece: bytes) -> int:
        """Put a piece behind the last line, or mark it as the next piece; how many lines that used up."""
        if self._open and len(self._open[-1]) + len(piece) <= PIECE_BYTES_MAX:
            self._open[-1] += piece
            self._open_bytes += len(piece)
            return 1
        self._open_pieces.append(len(self._open))
        return 0

    def _extend(self, lines: Sequence[bytes], size: int) -> None:
        self._open.extend(lines)
        self._open_bytes += size
        self._next += len(lines)

    def _extend_in_blocks(self, lines: Sequence[bytes]) -> None:
        sizes = list(accumulate((len(line) + 1 for line in lines), initial=0))
        done = 0
        while done < len(lines):
            room = BLOCK_BYTES_MAX - self._open_bytes + sizes[done]
            # The line that crosses the limit still goes into the block.
            stop = min(
                bisect_right(sizes, room - 1, done), done + BLOCK_LINES_MAX - len(self._open)
            )
            stop = min(max(stop, done + 1), len(lines))
            self._extend(lines[done:stop], sizes[stop] - sizes[done])
            done = stop
            if len(self._open) >= BLOCK_LINES_MAX or self._open_bytes >= BLOCK_BYTES_MAX:
                self._seal()

    def _seal(self) -> None:
        text = joined_text(self._open)
        packed = pack_lines(text, len(self._open), self._open_pieces, self._store.level)
        first = self._next - len(self._open)
        longest = max(map(len, self._open))
        self._blocks.append(Block(first, len(self._open), self._open_bytes, longest, packed=packed))
        self._close_open()

    def _close_open(self) -> None:
        self._store.place_changed(self._open_place, None)
        self._open = []
        self._open_pieces = []
        self._open_bytes = 0
        self._open_place = None
        self._open_mark = (0, 0)

    def _reopen_last(self) -> None:
        """Go on filling the last block of a checkpoint, which was written half full."""
        self._reopen = False
        block = self._blocks[-1]
        try:
            lines = unpack_lines(self._store.packed(block, self._pane), block.count)
        except PackDamaged:
            return  # it stays as it is; reading it says what is wrong
        self._blocks.pop()
        self._open = lines.split()
        self._open_pieces = sorted(lines.pieces)
        self._open_bytes = len(lines.text) + 1
        self._open_place = block.place
        self._open_mark = (len(self._open), self._open_bytes)
        with_place, block.place = block.place, None
        self._store.drop_block(block)
        assert with_place is self._open_place  # its bytes stay accounted for, as the open block's

    def trim(self, limit_lines: int) -> None:
        """Forget all but the newest `limit_lines` lines."""
        if len(self) > limit_lines:
            self.version += 1
            self._trim(limit_lines)

    def _trim(self, limit_lines: int) -> None:
        self.base = self._next - limit_lines
        gone = bisect_right(self._blocks, self.base, key=lambda block: block.end)
        if gone:
            self._rows = (0, 0, 0)
            for block in self._blocks[:gone]:
                self._store.drop_block(block)
            del self._blocks[:gone]
            self._reopen = self._reopen and bool(self._blocks)

    def clear(self, *, erase: bool = False) -> None:
        """Forget all lines. With `erase` their bytes leave the disk with the next checkpoint, in the log too."""
        self._store.erase_wanted |= erase
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
        self._close_open()
        self._reopen = False
        self._rows = (0, 0, 0)

    def withdraw(self) -> None:
        """Take what is on disk back into memory, so that nothing of this pane stays there.

        Raises PackDamaged, with nothing changed for the blocks not yet read.
        """
        if self._reopen:
            self._reopen_last()
        self._store.erase_wanted = True
        for block in self._blocks:
            if block.place is not None:
                block.packed = self._store.packed(block, self._pane)
                self._store.place_changed(block.place, None)
                block.place = None
        self._store.place_changed(self._open_place, None)
        self._open_place = None
        self._open_mark = (0, 0)

    # -- for the checkpoint -------------------------------------------------------------------

    def cut(self, lines_max: int | None = None) -> Cut:
        """What a checkpoint has to write to keep the newest `lines_max` lines. Copies no line."""
        base = self.base if lines_max is None else max(self.base, self._next - lines_max)
        first = bisect_right(self._blocks, base, key=lambda block: block.end)
        mark = (len(self._open), self._open_bytes)
        return Cut(
            self._pane,
            self.version,
            base,
            self._blocks[first:],
            self._next - len(self._open),
            list(self._open),
            list(self._open_pieces),
            self._open_place if mark == self._open_mark else None,
            mark,
        )

    def written(self, cut: Cut, places: dict[int, Place], open_place: Place | None) -> None:
        """A checkpoint wrote `cut`: the blocks at these indices of it, and the open lines, are there now."""
        for index, place in places.items():
            self._store.moved(cut.blocks[index], place)
        still_open = self._next - len(self._open) == cut.open_first and bool(self._open)
        if open_place is not None and open_place != self._open_place and still_open:
            self._store.place_changed(self._open_place, open_place)
            self._open_place = open_place
            self._open_mark = cut.open_mark

    # -- reading ------------------------------------------------------------------------------

    def read(self, start: int, stop: int) -> list[Line]:
        """The lines from number `start` up to `stop`, as far as they exist. May read from disk."""
        start, stop = max(start, self.base), min(stop, self._next)
        if start >= stop:
            return []
        result: list[Line] = []
        at = bisect_right(self._blocks, start, key=lambda block: block.end)
        while at < len(self._blocks) and self._blocks[at].first < stop:
            block = self._blocks[at]
            content = self._store.content(block, self._pane)
            result += _lines(
                content.split(), content.pieces, start - block.first, stop - block.first
            )
            at += 1
        first = self._next - len(self._open)
        if stop > first:
            result += _lines(self._open, self._open_pieces, start - first, stop - first)
        return result

    def sizes(self) -> Sizes:
        """How much there is and where."""
        memory = self._open_bytes + sum(len(b.packed) for b in self._blocks if b.packed is not None)
        places = [block.place for block in self._blocks] + [self._open_place]
        disk = sum(place.length for place in places if place is not None)
        raw = sum(block.raw_bytes for block in self._blocks) + self._open_bytes
        return Sizes(len(self), raw, memory, disk)

    def rows(self, columns: int) -> int:
        """About how many rows the lines take at this width.

        Exact once the blocks with long lines have been measured, some of which happens per call.
        """
        rows, lines, unknown, budget = 0, 0, 0, MEASURED_BLOCKS_MAX
        if self._rows[0] != columns:
            self._rows = (columns, 0, 0)
        _, measured, rows_before = self._rows
        for index in range(measured, len(self._blocks)):
            block = self._blocks[index]
            if block.line_bytes_max <= columns:
                block_rows = block.count
            else:
                if block.widths is None and budget > 0:
                    budget -= 1
                    block.widths = widths_of(self._store.content(block, self._pane, keep=False))
                if block.widths is None:
                    unknown += block.count
                    continue
                block_rows = rows_at(block.widths, columns)
            rows += block_rows
            lines += block.count
            if not unknown:
                self._rows = (columns, index + 1, rows_before + rows)
        rows += rows_before
        lines += sum(block.count for block in self._blocks[:measured])
        for line in self._open:
            cells = len(line) if len(line) <= columns else cells_of(plain(line))
            rows += max(1, -(-cells // columns))
        lines += len(self._open)
        total = rows + (unknown * rows // lines if lines else unknown)
        cut_off = self.base - (self._next - lines - unknown)
        return max(total - cut_off, len(self))

    def search(
        self,
        pattern: Pattern,
        *,
        start: int | None = None,
        backward: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
        progress: Callable[[int, int], None] = lambda _done, _lines: None,
    ) -> Iterator[Hit]:
        """Matching logical lines, from line `start` on (default: from the oldest, or backward from the newest).

        Works on the lines of this moment, on any thread. `progress` gets the lines searched and the lines there
        are; after `cancelled` says so nothing more comes. A line in pieces is found under its first piece's number.
        """
        first_open = self._next - len(self._open)
        parts: list[Block | Lines] = list(self._blocks)
        firsts = [block.first for block in self._blocks]
        if self._open:
            pieces = frozenset(self._open_pieces)
            parts.append(Lines(joined_text(self._open), len(self._open), pieces))
            firsts.append(first_open)
        default = self._next - 1 if backward else self.base
        bounds = (self.base, default if start is None else start)
        total = len(self)

        def hits() -> Iterator[Hit]:
            at = bisect_right(firsts, bounds[1]) - 1
            order = range(at, -1, -1) if backward else range(max(at, 0), len(parts))
            done = 0
            for index in order:
                if cancelled():
                    return
                part = parts[index]
                content = self._content(part)
                before = parts[index - 1] if index and 0 in content.pieces else None
                found = list(self._hits_in(pattern, content, firsts[index], before))
                for hit in reversed(found) if backward else found:
                    wanted = hit.line <= bounds[1] if backward else hit.line >= bounds[1]
                    if wanted and hit.line >= bounds[0]:
                        yield hit
                done += content.size
                progress(min(done, total), total)

        return hits()

    def _content(self, part: Block | Lines) -> Lines:
        if isinstance(part, Lines):
            return part
        return self._store.content(part, self._pane, keep=False)

    def _hits_in(
        self, pattern: Pattern, content: Lines, first: int, before: Block | Lines | None
    ) -> Iterator[Hit]:
        if not content.pieces:
            text, at, counted = content.text, 0, 0
            for offset in pattern.candidates(text):
                counted += text.count(b"\n", at, offset)
                at = offset
                begin, end = text.rfind(b"\n", 0, offset) + 1, text.find(b"\n", offset)
                spans = pattern.spans(text[begin : end if end >= 0 else len(text)])
                if spans:
                    yield Hit(first + counted, spans)
            return
        for number, line in self._logical_lines(content, first, before):
            if any(True for _ in pattern.candidates(line)) and (spans := pattern.spans(line)):
                yield Hit(number, spans)

    def _logical_lines(
        self, content: Lines, first: int, before: Block | Lines | None
    ) -> Iterator[tuple[int, bytes]]:
        """Lines put together from their pieces; one that began in the block before, with that block's last line."""
        number, parts = first, []
        if before is not None:
            parts = [self._content(before).split()[-1]]
            number = first - 1
        for index, line in enumerate(content.split()):
            if index not in content.pieces and (index or parts):
                yield number, b"".join(parts)
                parts = []
            if not parts:
                number = first + index
            parts.append(line)
        yield number, b"".join(parts)


def _lines(
    lines: Sequence[bytes], pieces: Sequence[int] | frozenset[int], start: int, stop: int
) -> list[Line]:
    start = max(start, 0)
    return [Line(line, index in pieces) for index, line in enumerate(lines[start:stop], start)]


def encode_index(index: Index) -> bytes:
    """The payload of an INDEX entry."""
    return msgspec.msgpack.encode(index)


def decode_index(payload: bytes) -> Index:
    """What `encode_index` packed. Raises PackDamaged."""
    try:
        index = msgspec.msgpack.decode(payload, type=Index)
    except msgspec.DecodeError as error:
        raise PackDamaged(f"a scrollback index does not decode: {error}") from error
    sound = all(0 <= row.pack < len(index.packs) and row.count > 0 for row in index.blocks)
    lines = sum(row.count for row in index.blocks)
    if not sound or not index.first <= index.base <= index.first + lines:
        raise PackDamaged("a scrollback index contradicts itself")
    return index
