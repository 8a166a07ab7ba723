"""The newest finished blocks of a pane's scrollback, unpacked in memory, so that reading them needs neither disk nor
decompression.

The option `scrollback_hot_lines` sets how many lines, by way of the store. Blocks are added when they are finished or
read. They are removed when they are too old, when their lines are dropped, when the pane is idle, or when lines are so
long that all of them together would take more than `HOT_LINE_BYTES` per line.
"""

import threading
from typing import Final

from fuguemux.persistence.scrollback.blocks import Block, BlockLines

HOT_LINE_BYTES: Final = 1024
"""A pane holds at most this much text per wanted line, apart from the newest block."""


class HotTail:
    """The hot blocks of one pane. Several threads may add blocks."""

    def __init__(self) -> None:
        self._blocks: dict[int, tuple[Block, BlockLines]] = {}
        """By the number of the block's first line."""
        self._lock = threading.Lock()

    @property
    def text_bytes(self) -> int:
        """The size of the text in memory."""
        with self._lock:
            return self._text_bytes()

    def get(self, block: Block) -> BlockLines | None:
        """The lines of a block, if they are held here."""
        found = self._blocks.get(block.first)
        return found[1] if found is not None and found[0] is block else None

    def put(self, block: Block, lines: BlockLines, oldest: int, count: int) -> None:
        """Hold a block if it has any of the `count` lines from number `oldest` on. Drop blocks that have none of them."""
        with self._lock:
            if block.end > oldest and not block.dropped:
                self._blocks[block.first] = (block, lines)
            self._cool(oldest)
            while len(self._blocks) > 1 and self._text_bytes() > count * HOT_LINE_BYTES:
                del self._blocks[min(self._blocks)]

    def cool(self, oldest: int | None = None) -> None:
        """Drop the blocks that are older than line `oldest` (None: all blocks)."""
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
