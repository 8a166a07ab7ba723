"""The finished blocks of all panes: where their bytes are, their lines when asked for, and which cannot be read any more."""

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
"""Why the lines of a tombstone cannot be read, as they are shown."""
HOT_LINES: Final = 2_000


class BlockHolder(Protocol):
    """What has blocks: the scrollback of a pane."""

    def unpacked(self, block: Block) -> BlockLines | None:
        """The lines of a block if they are in memory."""

    def blocks_changed(self) -> None:
        """One of the blocks is a tombstone now, or no longer where it was."""


class BlockStore:
    """The blocks of every pane of a server. Its methods may be called on any thread, if they do not say otherwise."""

    def __init__(
        self,
        reader: PackReader,
        holders: Mapping[PaneId, BlockHolder],
        *,
        level: int = COMPRESSION_LEVEL,
    ) -> None:
        self.reader = reader
        self.level = level
        """Of the compression of new blocks."""
        self.hot_lines = HOT_LINES
        """How many of the newest lines of each pane are kept unpacked in memory."""
        self.live_bytes: dict[bytes, int] = {}
        """Of every pack, the bytes of blocks that are still part of some pane's scrollback."""
        self.erase_wanted = False
        """Whether somebody wants lines off the disk: the next checkpoint leaves none but living bytes."""
        self.losses = Losses(self)
        """Blocks that were found unreadable."""
        self._holders = holders
        self._cache: OrderedDict[int, tuple[Block, BlockLines]] = OrderedDict()
        self._cache_bytes = 0
        self._lock = threading.Lock()

    @property
    def elsewhere(self) -> set[bytes]:
        """The packs with blocks that are part of a save, and so must not stay where they are."""
        return self.live_bytes.keys() & self.reader.paths.keys()

    @property
    def damages(self) -> list[str]:
        """One line for every block that was found unreadable."""
        return [str(loss) for loss in self.losses.noted]

    def place_changed(self, old: PackPlace | None, new: PackPlace | None) -> None:
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

    def moved(self, block: Block, place: PackPlace) -> None:
        """A checkpoint put the block into a pack (or another one): read it from there from now on."""
        if block.dropped:
            return
        self.place_changed(block.place, place)
        block.place = place
        block.packed = None

    def packed(self, block: Block, pane: PaneId) -> bytes:
        """The compressed lines of a block. Raises PackDamaged."""
        while True:
            packed, place, lost = block.packed, block.place, block.lost
            if lost is not None:
                raise PackDamaged(lost.reason)
            if packed is not None:
                return packed
            if place is None:
                continue  # it became a tombstone between the looks
            try:
                return packed_payload(self.reader.read(place), EntryKind.BLOCK, pane)
            except PackDamaged:
                if block.place == place:
                    raise  # else a checkpoint moved it meanwhile

    def in_memory(self, block: Block, pane: PaneId) -> BlockLines | None:
        """The lines of a block if they are unpacked somewhere in memory."""
        with self._lock:
            cached = self._cache.get(id(block))
        if cached is not None:
            return cached[1]
        holder = self._holders.get(pane)
        return holder.unpacked(block) if holder is not None else None

    def placeless(self, block: Block, pane: PaneId) -> None:
        """The block is nowhere on the disk any more: the next checkpoint has to write the pane's index anew."""
        self.place_changed(block.place, None)
        block.place = None
        with self._lock:
            self._uncache(id(block))
        holder = self._holders.get(pane)
        if holder is not None:
            holder.blocks_changed()

    def check(self, block: Block, pane: PaneId) -> bool:
        """Read a block from the disk, where it has bytes there; False, and it is noted, if they are damaged. Blocks.

        Raises PackUnreadable when nothing tells whether they are.
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
