"""The newest finished blocks of a pane's scrollback, unpacked in memory: reading them takes neither a disk nor the processor.

How many lines that is says the option `scrollback_hot_lines`, by way of the store. Blocks come in as they are finished,
or when somebody reads them; they go when they are too old, when their lines are dropped, when the pane is idle, or when
lines are so long that all of them would take more than `HOT_LINE_BYTES` each.
"""

import threading
from typing import Final

from fuguemux.persistence.scrollback.blocks import Block, BlockLines

HOT_LINE_BYTES: Final = 1024
"""So much text for each of the lines that are wanted a pane holds at most, but for the newest block."""


class HotTail:
    """Of one pane. Blocks may be put in from several threads."""

    def __init__(self) -> None:
        self._blocks: dict[int, tuple[Block, BlockLines]] = {}
        """By the number of their first line."""
        self._lock = threading.Lock()

    @property
    def text_bytes(self) -> int:
        """The memory that the text takes."""
        with self._lock:
            return self._text_bytes()

    def get(self, block: Block) -> BlockLines | None:
        """The lines of a block, if they are here."""
        found = self._blocks.get(block.first)
        return found[1] if found is not None and found[0] is block else None

    def put(self, block: Block, lines: BlockLines, oldest: int, count: int) -> None:
        """Hold a block if it has lines from number `oldest` on, `count` in all; give up those that have none."""
        with self._lock:
            if block.end > oldest and not block.dropped:
                self._blocks[block.first] = (block, lines)
            self._cool(oldest)
            while len(self._blocks) > 1 and self._text_bytes() > count * HOT_LINE_BYTES:
                del self._blocks[min(self._blocks)]

    def cool(self, oldest: int | None = None) -> None:
        """Give up what is older than line `oldest` (None: everything)."""
        with self._lock:
            if oldest is None:
                self._blocks.clear()
            else:
                self._cool(oldest)

    def _cool(self, oldest: int) -> None:
        old = [first for first, (block, _) in self._blocks.items() if block.end <= oldest]
        for first in old:
            del self._blocks[first]

    def _text_bytes(self) -> int:
        return sum(len(lines.text) for _, lines in self._blocks.values())
