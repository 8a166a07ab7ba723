"""Lines that were taken out of the engine's history and wait for `archive`."""

from __future__ import annotations

from fuguemux.terminal.emulator import Archived


class TakenLines:
    """The waiting lines of one terminal, in order."""

    __slots__ = ("_cleared", "_waiting", "bytes", "open", "returnable")

    def __init__(self) -> None:
        self._waiting: Archived | None = None
        self._cleared = False
        self.bytes = 0
        """The size of the waiting lines."""
        self.open = False
        """Whether the last line taken continues in the engine, or would if the engine still had the next row."""
        self.returnable = 0
        """How many of the last lines taken may come back onto the screen: those since it was cleared."""

    def add(self, taken: Archived | None) -> None:
        """Add taken lines behind all others."""
        if taken is None:
            return
        taken = taken._replace(continued=taken.continued and self.open)
        self.open = taken.continues
        self.returnable += len(taken.lines) - taken.continued
        self.bytes += sum(map(len, taken.lines))
        if self._waiting is None:
            self._waiting = taken
            return
        before, lines = self._waiting, taken.lines
        if taken.continued:
            before.lines[-1] += lines[0]
            lines = lines[1:]
        before.lines.extend(lines)
        self._waiting = before._replace(continues=taken.continues)

    def forget(self) -> None:
        """Drop the lines taken so far, both the waiting ones and those that were handed over."""
        self._waiting, self.bytes = None, 0
        self._cleared, self.open, self.returnable = True, False, 0

    def hand_over(self) -> Archived | None:
        """Return the waiting lines. None if there are none and none were dropped."""
        waiting, self._waiting, self.bytes = self._waiting, None, 0
        if not self._cleared:
            return waiting
        self._cleared = False
        lines = waiting.lines if waiting else []
        return Archived(True, False, lines, bool(waiting and waiting.continues))
