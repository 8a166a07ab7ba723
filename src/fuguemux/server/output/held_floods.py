"""Panes that are not read for a while: enough of their output, or of others', waits to be shown, or somebody comes first.

Their programs wait in write(2) meanwhile.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.server.output.feeding import READ_BYTES_MIN, Feeding
from fuguemux.server.panes.pane_terminal import PaneTerminal

FLOODED_SECONDS: Final = 0.1
"""A pane that had much to read so lately is at it still."""


class HeldFloods:
    """Implements precedence.Floods. Belongs to the loop."""

    feeding: Feeding

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        landed: Callable[[], int],
        read: Callable[[PaneTerminal], None],
    ) -> None:
        """`landed`: how many chunks were read and are not logged. `read` has a pane read whenever it has something."""
        self._loop = loop
        self._landed = landed
        self._read = read
        self._held: dict[PaneId, PaneTerminal] = {}
        self._flooded_at = -1e9
        self._all = False

    @property
    def flooding(self) -> bool:
        """Whether any pane has printed so much of late that it must be read and shown bit by bit."""
        return self._loop.time() < self._flooded_at + FLOODED_SECONDS

    def hold(self) -> None:
        """Neither read nor show floods until `go_on`, but for what somebody settles: others are to be answered first."""
        self._all = True
        self.feeding.hold()

    def go_on(self) -> None:
        """Read and show floods again."""
        self._all = False
        self.feeding.go_on()
        self.read_again()

    def note_read(self, terminal: PaneTerminal, length: int) -> None:
        """So many bytes of a pane have landed."""
        if length < READ_BYTES_MIN // 2:
            terminal.floods = 0
            return
        terminal.floods += 1
        if terminal.floods > 1:
            self._flooded_at = self._loop.time()

    def has_to_wait(self, terminal: PaneTerminal) -> bool:
        """Whether a pane must not be read now. Then it is read again when there is room, and not before."""
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
        """A pane is not to be read any more."""
        self._held.pop(terminal.id, None)

    def read_again(self) -> None:
        """Read those again that were held first, as many as there is room for."""
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
