"""Blocks of scrollback that cannot be read any more. Any thread finds them; the loop makes them tombstones and sets their
bytes aside.

A block that is still unpacked in memory is not lost: it is packed again, and the next checkpoint writes it.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.blocks import Block, BlockLines, LostBlock, pack_lines
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import PackDamaged, PackPlace
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.set_aside import quarantine_beside
from fuguemux.persistence.storage.whole_files import write_atomically

BLOCK_PREFIX: Final = "block-"
"""Prefix of a quarantined file with the damaged bytes of a block."""
LOSSES_MAX: Final = 10_000
"""The number of lost blocks that are remembered one by one."""


class Loss(NamedTuple):
    """A lost block: its lines from number `first` on, and the place that was to be read."""

    pane: PaneId
    first: int
    lines: int
    size_bytes: int
    reason: str
    place: PackPlace | None

    def __str__(self) -> str:
        return f"%{self.pane} lines {self.first}-{self.first + self.lines - 1}: {self.reason}"


class LossyStore(Protocol):
    """The part of the store that `Losses` needs."""

    level: int
    reader: PackReader

    def in_memory(self, block: Block, pane: PaneId) -> BlockLines | None:
        """The lines of a block if they are in memory unpacked, otherwise None."""

    def placeless(self, block: Block, pane: PaneId) -> None:
        """Note that the block has no bytes on the disk any more."""


class Losses:
    """The blocks that were found unreadable since the store was opened."""

    def __init__(self, store: LossyStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._pending: dict[int, tuple[Block, PaneId, Loss]] = {}
        self._to_set_aside: list[Loss] = []
        self.noted: list[Loss] = []
        """Every block that could not be read, once each."""
        self.found: list[Loss] = []
        """Every block that has become a tombstone since the store was opened."""
        self.set_aside_as: dict[PackPlace, str] = {}
        """The names of the quarantined files, for the blocks whose bytes were set aside."""
        self.healed = 0
        """How many blocks were damaged on the disk and whole in memory."""
        self.tell: Callable[[], None] = lambda: None
        """Called on any thread when there is something to `adopt`."""

    def note(self, block: Block, pane: PaneId, error: PackDamaged) -> LostBlock:
        """Note a block that cannot be read for good. On any thread; `adopt` makes it a tombstone."""
        if block.lost is not None:
            return block.lost
        place = block.place
        size = place.length if place is not None else len(block.packed or b"")
        lost = LostBlock(max(size, 1), str(error))
        with self._lock:
            if id(block) in self._pending:
                return lost
            loss = Loss(pane, block.first, block.count, lost.size_bytes, lost.reason, place)
            self._pending[id(block)] = (block, pane, loss)
            if len(self.noted) < LOSSES_MAX:
                self.noted.append(loss)
        self.tell()
        return lost

    def adopt(self) -> list[Loss]:
        """Make tombstones of the noted blocks, or pack them again from memory. Returns the lost ones. Call it on the
        loop.
        """
        with self._lock:
            pending, self._pending = list(self._pending.values()), {}
        lost = []
        for block, pane, loss in pending:
            if block.dropped or block.lost is not None or block.place != loss.place:
                continue
            lines = self._store.in_memory(block, pane)
            if lines is None:
                block.lost = LostBlock(loss.size_bytes, loss.reason)
                block.packed, block.widths = None, None
                lost.append(loss)
            else:
                block.packed = self.packed_again(block, lines)
                self.healed += 1
            self._store.placeless(block, pane)
        with self._lock:
            self._to_set_aside += [loss for loss in lost if loss.place is not None]
        self.found += lost[: max(LOSSES_MAX - len(self.found), 0)]
        return lost

    def packed_again(self, block: Block, lines: BlockLines) -> bytes:
        """Return the compressed form of a block, from its lines."""
        return pack_lines(lines.text, block.count, sorted(lines.pieces), self._store.level)

    def set_aside(self, storage: Storage, quarantine: str) -> None:
        """Copy the bytes of tombstones into the directory `quarantine`, before their packs are removed. Blocks.

        Raises OSError if a file cannot be written; the next call tries those bytes again.
        """
        while True:
            with self._lock:
                if not self._to_set_aside:
                    return
                loss = self._to_set_aside[0]
            self._copy(loss, storage, quarantine)
            with self._lock, contextlib.suppress(ValueError):
                self._to_set_aside.remove(loss)

    def set_aside_beside(self, storage: Storage, checkpoints: str) -> None:
        """Set aside into the quarantine beside a directory of checkpoints. Errors of the disk are ignored."""
        with contextlib.suppress(OSError):
            self.set_aside(storage, quarantine_beside(checkpoints))

    def _copy(self, loss: Loss, storage: Storage, quarantine: str) -> None:
        assert loss.place is not None, "others are not set aside"
        try:
            data = self._store.reader.found(loss.place)
        except PackDamaged:
            return  # the damaged bytes cannot be read either
        name = f"{BLOCK_PREFIX}{loss.place.digest.hex()}-{loss.place.offset}"
        storage.make_directory(quarantine)
        if data and not storage.exists(f"{quarantine}/{name}"):
            write_atomically(storage, quarantine, name, [data])
        if data:
            self.set_aside_as[loss.place] = name
