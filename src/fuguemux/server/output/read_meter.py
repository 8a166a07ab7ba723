"""How much of a terminal's output is read at once: so much as is reckoned to be shown in a moment.

What was read is logged, and what is logged has to be shown before anybody may change the screen: a resize waits for it, and
with it everybody. A pane that was cheap to show until now may be dear from the next byte on.
"""

import errno
import os
from typing import Final

from fuguemux.server.landing.many_reads import Reads, one_read
from fuguemux.server.output.feeding import READ_SECONDS
from fuguemux.server.output.screen_cost import cost_seconds
from fuguemux.server.panes.pane_terminal import PaneTerminal

EASE_MAX: Final = 4.0
"""So many times more is read of a pane whose output turned out to be cheaper than it was reckoned."""
CELLS_MAX: Final = 10_000
"""On a larger screen, what many reads bring in one call may be too dear by far."""


class ReadMeter:
    """Implements Reads, for what is read of one pane into one slot. Any thread, one at a time."""

    def __init__(self, terminal: PaneTerminal) -> None:
        self._columns, self._rows = terminal.size
        self._seconds = 0.0
        self._most = READ_SECONDS * min(max(terminal.ease, 1.0), EASE_MAX)
        self._reads: Reads = one_read

    def use(self, reads: Reads) -> None:
        """Read by it, unless it may bring too much at once."""
        if self._columns * self._rows <= CELLS_MAX:
            self._reads = reads

    @property
    def dear(self) -> bool:
        """Whether what came takes so long that nothing more should be read before it is shown."""
        return self._seconds >= self._most

    def __call__(self, descriptor: int, room: memoryview) -> int:
        """As the Reads in use; BlockingIOError, as if there were nothing now, once enough has come."""
        if self._seconds >= self._most:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        count = self._reads(descriptor, room)
        self._seconds += cost_seconds(bytes(room[:count]), 0, count, self._columns, self._rows)
        return count
