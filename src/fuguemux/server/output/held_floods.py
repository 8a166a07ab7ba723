"""Decides which panes are not read for a while: too much output waits to be shown, or a client is answered first.

The programs of these panes wait in write(2) meanwhile.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.server.output.feeding import READ_BYTES_MIN, Feeding
from fuguemux.server.panes.pane_terminal import PaneTerminal

FLOODED_SECONDS: Final = 0.1
"""A pane counts as flooding for this long after a large read."""


class HeldFloods:
    """Implements precedence.Floods. Belongs to the loop."""

    feeding: Feeding

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        landed: Callable[[], int],
        read: Callable[[PaneTerminal], None],
    ) -> None:
        """`landed` returns how many chunks were read and are not logged. `read` makes the loop read a pane whenever
        it is readable.
        """
        self._loop = loop
        self._landed = landed
        self._read = read
        self._held: dict[PaneId, PaneTerminal] = {}
        self._flooded_at = -1e9
        self._all = False

    @property
    def flooding(self) -> bool:
        """Whether any pane has recently printed so much that it is read and shown bit by bit."""
        return self._loop.time() < self._flooded_at + FLOODED_SECONDS

    def hold(self) -> None:
        """Neither read nor show floods until `go_on`, except what is settled, because a client is answered first."""
        self._all = True
        self.feeding.hold()

    def go_on(self) -> None:
        """Read and show floods again."""
        self._all = False
        self.feeding.go_on()
        self.read_again()

    def note_read(self, terminal: PaneTerminal, length: int) -> None:
        """Note that `length` bytes of a pane have landed."""
        if length < READ_BYTES_MIN // 2:
            terminal.floods = 0
            return
        terminal.floods += 1
        if terminal.floods > 1:
            self._flooded_at = self._loop.time()

    def has_to_wait(self, terminal: PaneTerminal) -> bool:
        """Whether a pane must not be read now. If so, it is read again when there is space."""
        if self.feeding.behind(terminal) or (
            terminal.floods > 1 and (self._all or self._room() <= 0)
        ):
            self._held[terminal.id] = terminal
            return True
        return False

    def may_read_ahead(self, terminal: PaneTerminal) -> bool:
        """Whether the next slot of a pane may be read while the last one is shown."""
        return not self._all and self.feeding.room > 0 and not self.feeding.behind(terminal)

    def forget(self, terminal: PaneTerminal) -> None:
        """Forget a pane that is not read any more."""
        self._held.pop(terminal.id, None)

    def read_again(self) -> None:
        """Read held panes again, as many as there is space for, the longest held first."""
        room = self._room() if self._held and not self._all else 0
        for terminal in list(self._held.values()) if room > 0 else ():
            if self.feeding.behind(terminal):
                continue
            del self._held[terminal.id]
            if terminal.reading and terminal.master is not None:
                self._read(terminal)
                room -= 1
            if room <= 0:
                break

    def _room(self) -> int:
        return self.feeding.room - self._landed()
