"""The scrollback of all panes: what left the terminal engine, compressed, most of it on disk and read when asked for.

A pane's lines are numbered from 0 for as long as the pane lives; the oldest kept one is `base`. Lines wait in an open
block, then compressed in memory until a checkpoint has put them into a pack; from then on they are read from there.
"""

import threading
from collections import OrderedDict
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.persistence.blocks import (
    COMPRESSION_LEVEL,
    Block,
    Line,
    Lines,
    pack_lines,
    unpack_lines,
)
from fuguemux.persistence.packs import EntryKind, PackDamaged, PackReader, Place, packed_payload
from fuguemux.persistence.pane_scrollback import Cut, PaneScrollback, Sizes
from fuguemux.persistence.pattern import Pattern
from fuguemux.persistence.scrollback_index import BlockRow, Index, decode_index, encode_index
from fuguemux.persistence.scrollback_search import Hit

__all__ = [
    "BlockRow",
    "Cut",
    "Hit",
    "Index",
    "Line",
    "PaneScrollback",
    "Pattern",
    "ScrollbackStore",
    "Sizes",
    "decode_index",
    "encode_index",
]

CACHE_BYTES: Final = 4 << 20
HOT_LINES: Final = 2_000


class ScrollbackStore:
    """The scrollback of every pane of a server.

    Lines of one pane are added, trimmed and cut on one thread at a time, those of another pane perhaps on another;
    `read` and `search` may run on any thread meanwhile.
    """

    def __init__(self, reader: PackReader, *, level: int = COMPRESSION_LEVEL) -> None:
        self.reader = reader
        self.level = level
        self.hot_lines = HOT_LINES
        """How many of the newest lines of each pane are kept unpacked in memory. After a lower value: `cool`."""
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

    def pane(self, pane: PaneId) -> PaneScrollback:
        """The scrollback of a pane; empty if it had none."""
        found = self._panes.get(pane)
        if found is None:
            found = self._panes.setdefault(pane, PaneScrollback(self, pane))
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

    def cool(self) -> None:
        """Give the memory back of lines that are no longer among the newest `hot_lines` of their pane."""
        for scrollback in list(self._panes.values()):
            scrollback.cool()

    def hot_bytes(self) -> int:
        """The memory that unpacked lines of finished blocks take, in all panes."""
        return sum(scrollback.sizes().hot_bytes for scrollback in list(self._panes.values()))

    # -- blocks, for the panes and the checkpoint ---------------------------------------------

    def place_changed(self, old: Place | None, new: Place | None) -> None:
        """Keep account of what is alive in which pack."""
        with self._lock:
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

    def salvaged(self, block: Block, pane: PaneId) -> bytes:
        """As `packed`; what is not on the disk any more comes from memory, and else is a line that says so."""
        try:
            return self.packed(block, pane)
        except PackDamaged:
            lines = self.pane(pane).shown(block)
            return pack_lines(lines.text, block.count, sorted(lines.pieces), self.level)

    def content(self, block: Block, pane: PaneId, *, keep: bool = True) -> tuple[Lines, bool]:
        """The lines of a block, and whether they are whole.

        If they cannot be read, one line says so and empty ones keep the numbers.
        """
        with self._lock:
            cached = self._cache.get(id(block))
            if cached is not None:
                self._cache.move_to_end(id(block))
                return cached[1], True
        try:
            lines = unpack_lines(self.packed(block, pane), block.count)
        except PackDamaged as error:
            self.damages.append(f"%{pane} lines {block.first}-{block.end - 1}: {error}")
            notice = f"\x1b[7m[{block.count} lines are damaged on disk]\x1b[m".encode()
            return Lines(notice + b"\n" * (block.count - 1), block.count, frozenset()), False
        if keep:
            with self._lock:
                self._cache[id(block)] = (block, lines)
                self._cache_bytes += len(lines.text)
                while self._cache_bytes > CACHE_BYTES and len(self._cache) > 1:
                    self._uncache(next(iter(self._cache)))
        return lines, True

    def _uncache(self, key: int) -> None:
        cached = self._cache.pop(key, None)
        if cached is not None:
            self._cache_bytes -= len(cached[1].text)
