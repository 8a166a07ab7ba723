"""A history that is drawn on the loop: its lines are brought into memory by a thread, compressed, from the newest on.

What is not there yet raises NotHeld on the loop; whoever wants it waits until the thread is that far, and tries again.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from fuguemux.observe.failpoints import reach
from fuguemux.persistence.scrollback.blocks import BlockLines
from fuguemux.persistence.scrollback.scrollback_search import Content, SearchPart
from fuguemux.server.work.file_threads import beside

PARTS_AT_ONCE: Final = 64
HELD_BYTES_MAX: Final = 256 << 20
"""Of a longer history the oldest lines are read where they are wanted, which may be the loop."""


class NotHeld(Exception):
    """The lines are on the disk still."""


class HeldHistory:
    """The parts of one document. Belongs to the loop, but for `hold`."""

    def __init__(self, parts: Sequence[SearchPart]) -> None:
        self._parts = parts
        self._held: dict[int, Content] = {}
        self._left = len(parts)
        """So many, the oldest, were not looked at yet."""
        self._bytes = 0
        self._turn = asyncio.Lock()
        self.strict = False
        """Whether what is not in memory raises NotHeld; else it is read."""

    def content(self, at: int) -> BlockLines:
        """The lines of a part. Raises NotHeld."""
        held = self._held.get(at)
        if held is not None:
            return held()
        part = self._parts[at]
        if self.strict and part.hold is not None and self.more:
            raise NotHeld
        return part.content()

    @property
    def more(self) -> bool:
        """Whether some are to be brought into memory still."""
        return self._left > 0 and self._bytes < HELD_BYTES_MAX

    def hold(self, count: int) -> None:
        """Bring the next ones into memory. Blocks; on one thread at a time."""
        reach("history.holding")
        for _ in range(min(count, self._left)):
            hold = self._parts[self._left - 1].hold
            if hold is not None:
                content, size = hold()
                self._held[self._left - 1] = content
                self._bytes += size
            self._left -= 1

    def hold_from(self, at: int) -> None:
        """Bring all from one part on into memory. Blocks: for a start."""
        self.hold(self._left - at)

    async def hold_more(self) -> bool:
        """Have a thread bring some into memory; whether there were any, so that it is worth another try."""
        async with self._turn:
            if not self.more:
                return False
            try:
                await beside("history", self.hold, PARTS_AT_ONCE)
            except OSError:  # too many hang already: what is wanted is read on the loop
                return False
            return True
