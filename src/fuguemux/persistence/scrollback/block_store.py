"""The finished blocks of all panes: where their bytes are, their lines on request, and which of them cannot be read any
more.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, Protocol

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.blocks import (
    COMPRESSION_LEVEL,
    Block,
    BlockLines,
    notice_of,
    unpack_lines,
)
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import (
    EntryKind,
    PackDamaged,
    PackPlace,
    PackUnreadable,
    packed_payload,
)
from fuguemux.persistence.scrollback.scrollback_losses import Losses

CACHE_BYTES: Final = 4 << 20
DAMAGED: Final = "damaged on disk"
"""The reason that is shown in place of the lines of a tombstone."""
HOT_LINES: Final = 2_000


class BlockHolder(Protocol):
    """The owner of blocks: a pane's scrollback."""

    def unpacked(self, block: Block) -> BlockLines | None:
        """The lines of a block if they are in memory."""

    def blocks_changed(self) -> None:
        """Called when a block has become a tombstone, or is no longer where it was."""


class BlockStore:
    """The blocks of every pane of a server. Unless a method says otherwise, any thread may call it."""

    def __init__(
        self,
        reader: PackReader,
        holders: Mapping[PaneId, BlockHolder],
        *,
        level: int = COMPRESSION_LEVEL,
    ) -> None:
        self.reader = reader
        self.level = level
        """The compression level of new blocks."""
        self.hot_lines = HOT_LINES
        """How many of the newest lines of each pane are kept unpacked in memory."""
        self.live_bytes: dict[bytes, int] = {}
        """For each pack, the bytes of blocks that are still part of some pane's scrollback."""
        self.erase_wanted = False
        """Whether lines are to be erased from the disk: the next checkpoint leaves only packs without dead bytes."""
        self.losses = Losses(self)
        """Blocks that were found unreadable."""
        self._holders = holders
        self._cache: OrderedDict[int, tuple[Block, BlockLines]] = OrderedDict()
        self._cache_bytes = 0
        self._lock = threading.Lock()

    @property
    def elsewhere(self) -> set[bytes]:
        """The packs with live blocks that belong to a save, from which the blocks must be moved."""
        return self.live_bytes.keys() & self.reader.paths.keys()

    @property
    def damages(self) -> list[str]:
        """One line for each block that was found unreadable."""
        return [str(loss) for loss in self.losses.noted]

    def place_changed(self, old: PackPlace | None, new: PackPlace | None) -> None:
        """Update the live bytes of each pack for a block that moved."""
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
        """Note that the block is no longer part of any scrollback."""
        block.dropped = True
        self.place_changed(block.place, None)
        with self._lock:
            self._uncache(id(block))

    def moved(self, block: Block, place: PackPlace) -> None:
        """Note that a checkpoint put the block into a pack, or into another one. It is read from there from now on."""
        if block.dropped:
            return
        self.place_changed(block.place, place)
        block.place = place
        block.packed = None

    def packed(self, block: Block, pane: PaneId) -> bytes:
        """Return the compressed lines of a block. Raises PackDamaged."""
        while True:
            packed, place, lost = block.packed, block.place, block.lost
            if lost is not None:
                raise PackDamaged(lost.reason)
            if packed is not None:
                return packed
            if place is None:
                continue  # the block became a tombstone in between
            try:
                return packed_payload(self.reader.read(place), EntryKind.BLOCK, pane)
            except PackDamaged:
                if block.place == place:
                    raise  # otherwise a checkpoint moved the block meanwhile

    def in_memory(self, block: Block, pane: PaneId) -> BlockLines | None:
        """The lines of a block if they are in memory unpacked, otherwise None."""
        with self._lock:
            cached = self._cache.get(id(block))
        if cached is not None:
            return cached[1]
        holder = self._holders.get(pane)
        return holder.unpacked(block) if holder is not None else None

    def placeless(self, block: Block, pane: PaneId) -> None:
        """Note that the block has no bytes on the disk any more: the next checkpoint has to write the pane's index again."""
        self.place_changed(block.place, None)
        block.place = None
        with self._lock:
            self._uncache(id(block))
        holder = self._holders.get(pane)
        if holder is not None:
            holder.blocks_changed()

    def check(self, block: Block, pane: PaneId) -> bool:
        """Read a block from the disk, if it has bytes there. Returns False, and notes it, if they are damaged. Blocks.

        Raises PackUnreadable if it cannot be told whether they are damaged.
        """
        if block.lost is not None or block.packed is not None or block.dropped:
            return True
        try:
            self.packed(block, pane)
        except PackUnreadable:
            raise
        except PackDamaged as error:
            self.losses.note(block, pane, error)
            return False
        return True

    def content(self, block: Block, pane: PaneId, *, keep: bool = True) -> tuple[BlockLines, bool]:
        """Return the lines of a block, and whether they are complete.

        If they cannot be read, one line says so, and empty lines keep the line numbers.
        """
        with self._lock:
            cached = self._cache.get(id(block))
            if cached is not None:
                self._cache.move_to_end(id(block))
                return cached[1], True
        try:
            lines = unpack_lines(self.packed(block, pane), block.count)
        except PackUnreadable as error:
            block.unread = True
            return notice_of(block.count, 0, str(error)), False
        except PackDamaged as error:
            block.unread = True
            lost = self.losses.note(block, pane, error)
            return notice_of(block.count, lost.size_bytes, DAMAGED), False
        block.unread = False
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
