"""Limits how much of a terminal's output is read at once, to what can be shown in a moment according to the estimate.

Output that was read is logged, and logged output has to be shown before anything may change the screen. A resize
waits for that, and all other work with it. A pane that was cheap to show until now may become expensive with the next
byte.
"""

import errno
import os
from typing import Final

from fuguemux.server.landing.many_reads import Reads, one_read
from fuguemux.server.output.feeding import READ_SECONDS
from fuguemux.server.output.screen_cost import cost_seconds
from fuguemux.server.panes.pane_terminal import PaneTerminal

CHEAPNESS_MAX: Final = 4.0
"""The largest factor by which more is read of a pane whose output was cheaper than estimated."""
CELLS_MAX: Final = 10_000
"""On a larger screen, the output of many reads in one call may be far too expensive."""


class ReadMeter:
    """Implements Reads for one pane and one slot. Usable on any thread, one thread at a time."""

    def __init__(self, terminal: PaneTerminal) -> None:
        self._columns, self._rows = terminal.size
        self._seconds = 0.0
        self._most = READ_SECONDS * min(max(terminal.cheapness, 1.0), CHEAPNESS_MAX)
        self._reads: Reads = one_read

    def use(self, reads: Reads) -> None:
        """Read with `reads`, unless the screen is so large that it may read too much at once."""
        if self._columns * self._rows <= CELLS_MAX:
            self._reads = reads

    @property
    def expensive(self) -> bool:
        """Whether the output takes so long to show that no more should be read before it is shown."""
        return self._seconds >= self._most

    def __call__(self, descriptor: int, room: memoryview) -> int:
        """Read as the Reads in use. Once enough was read, raises BlockingIOError as if there were nothing at the
        moment.
        """
        if self._seconds >= self._most:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        count = self._reads(descriptor, room)
        self._seconds += cost_seconds(bytes(room[:count]), 0, count, self._columns, self._rows)
        return count
