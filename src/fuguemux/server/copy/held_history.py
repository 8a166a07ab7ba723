"""Keeps a pane's history in memory for drawing on the loop: a thread loads its compressed lines, beginning with the
newest.

Reading a line that is not loaded raises NotHeld on the loop. The caller waits until the thread has loaded it, and tries
again.
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
"""The oldest lines of a longer history are read when they are needed, which may be on the loop."""


class NotHeld(Exception):
    """The lines are not in memory yet."""


class HeldHistory:
    """The parts of one document. Belongs to the loop, except `hold`."""

    def __init__(self, parts: Sequence[SearchPart]) -> None:
        self._parts = parts
        self._held: dict[int, Content] = {}
        self._left = len(parts)
        """The number of parts, the oldest ones, that are not loaded yet."""
        self._bytes = 0
        self._turn = asyncio.Lock()
        self.strict = False
        """Whether reading a part that is not in memory raises NotHeld. Otherwise the part is read."""

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
        """Whether there are more parts to load."""
        return self._left > 0 and self._bytes < HELD_BYTES_MAX

    def hold(self, count: int) -> None:
        """Load the next `count` parts. Blocks; on one thread at a time."""
        reach("history.holding")
        for _ in range(min(count, self._left)):
            hold = self._parts[self._left - 1].hold
            if hold is not None:
                content, size = hold()
                self._held[self._left - 1] = content
                self._bytes += size
            self._left -= 1

    def hold_from(self, at: int) -> None:
        """Load all parts from one on. Blocks; for use during a start."""
        self.hold(self._left - at)

    async def hold_more(self) -> bool:
        """Load some parts on a thread. Returns whether there were any, so that another try makes sense."""
        async with self._turn:
            if not self.more:
                return False
            try:
                await beside("history", self.hold, PARTS_AT_ONCE)
            except OSError:
                # Too many threads hang already: parts are then read on the loop when needed.
                return False
            return True
