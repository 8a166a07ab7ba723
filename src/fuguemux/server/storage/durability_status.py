"""Whether acknowledged changes survive: combines the states of the log, of its place and of the checkpoints, and tells
people of changes.
"""

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Final

from fuguemux.observe.diagnostics import channel

WORDS: Final = {
    "ok": "durability restored: everything is on disk again",
    "degraded": "durability degraded: changes are stored, output may not be",
    "lost": "durability lost: the disk refuses; programs keep running, and everything is kept in memory",
}

diagnostics = channel("server")


class DurabilityStatus:
    """Belongs to the loop. People are told only after `connect`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._announce: Callable[[str], None] | None = None
        self._log = ("ok", "")
        self._elsewhere = ""
        self._checkpoints = ""

    def connect(self, announce: Callable[[str], None]) -> None:
        """From now on `announce` tells people."""
        self._announce = announce

    @property
    def now(self) -> str:
        """ok, degraded or lost: the state of the log, or lost if a start would not find the log.

        Also degraded while checkpoints fail: the log has everything then, and grows.
        """
        if self._elsewhere:
            return "lost"
        return "degraded" if self._log[0] == "ok" and self._checkpoints else self._log[0]

    @property
    def reason(self) -> str:
        """Why it is not ok. Empty if it is."""
        if self._elsewhere:
            return self._elsewhere
        failing = f"checkpoints fail: {self._checkpoints}" if self._checkpoints else ""
        return self._log[1] if self._log[0] != "ok" else failing

    def log_changed(self, durability: Enum, reason: str) -> None:
        """The log reports a new durability state."""
        before = self.now
        self._log = (str(durability.value), reason)
        self._tell(before)

    def place_changed(self, elsewhere: str) -> None:
        """A start would not find what is written now, for this reason; or (empty) it would."""
        before = self.now
        self._elsewhere = elsewhere
        self._tell(before)

    def checkpoints_changed(self, failure: str) -> None:
        """Checkpoints begin to fail, fail for another reason, or succeed again (`failure` empty)."""
        before = self.now
        begins = failure and not self._checkpoints
        self._checkpoints = failure
        if self.now != before:
            diagnostics.warning("durability", now=self.now, reason=self.reason or "none")
        if self._announce is not None and (begins or not failure):
            text = f"checkpoints fail: {failure}" if failure else "checkpoints are written again"
            self._announce(f"fugue: {text}: durability {self.now}")

    def warning(self) -> str:
        """The warning for a client that attaches while durability is not ok."""
        return "" if self.now == "ok" else f"fugue: durability {self.now}: {self.reason}"

    def alert(self) -> str:
        """The status line's text while durability is not ok."""
        return "" if self.now == "ok" else f"durability {self.now}"

    def _tell(self, before: str) -> None:
        """Tell people at each change, once."""
        now, reason = self.now, self.reason
        diagnostics.warning("durability", now=now, reason=reason)
        if now != before and self._announce is not None:
            text = WORDS[now] + (f" ({reason})" if reason else "")
            if self._elsewhere:
                text = f"durability lost: {reason}; programs keep running"
            self._loop.call_soon(self._announce, f"fugue: {text}")
