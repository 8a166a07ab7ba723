"""Answers a client that has just connected before flooding panes go on.

A command takes three or four turns of the loop. A turn full of floods takes milliseconds, and the flooding programs
use the processors as well. So from when a client connects until it is answered, floods are neither read nor shown,
and their programs soon wait in write(2). No flood starves: floods are never held for longer than `HOLD_SECONDS_MAX`,
and after that they run freely for as long as they were held.
"""

import asyncio
from typing import Final, Protocol

from fuguemux.model.ids import ClientId

HOLD_SECONDS_MAX: Final = 0.03
"""Most commands take some milliseconds. A command that takes longer waits for something other than the loop."""
LEAVE_SECONDS: Final = 0.004
"""Floods stay held for this long after the answer: for a person, a command is over when its process has ended."""


class Floods(Protocol):
    """Panes that print more than can be shown within one turn."""

    @property
    def flooding(self) -> bool:
        """Whether any pane has recently printed so much."""
        ...

    def hold(self) -> None:
        """Stop reading and showing floods; their programs wait."""
        ...

    def go_on(self) -> None:
        """Read and show floods again."""
        ...


class Precedence:
    """Belongs to the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, floods: Floods) -> None:
        self._loop = loop
        self._floods = floods
        self._waiting: set[ClientId] = set()
        self._holding = False
        self._held_at = 0.0
        self._not_before = -1e9
        self._timer: asyncio.TimerHandle | None = None

    def came(self, client: ClientId) -> None:
        """A client has connected. A call of `answered` must follow."""
        self._waiting.add(client)
        if self._floods.flooding:
            self._hold()

    def answered(self, client: ClientId) -> None:
        """The client has its answer, or is gone. May be called more than once."""
        if client not in self._waiting:
            return
        self._waiting.remove(client)
        if self._holding and not self._waiting:
            self._until(min(self._loop.time() + LEAVE_SECONDS, self._held_at + HOLD_SECONDS_MAX))

    def _hold(self) -> None:
        now = self._loop.time()
        if not self._holding:
            if now < self._not_before:
                self._until(self._not_before)
                return
            self._holding, self._held_at = True, now
            self._floods.hold()
        self._until(self._held_at + HOLD_SECONDS_MAX)

    def _until(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._next)

    def _next(self) -> None:
        self._timer = None
        if self._holding:
            now = self._loop.time()
            self._holding, self._not_before = False, 2 * now - self._held_at
            self._waiting.clear()
            self._floods.go_on()
        elif self._waiting and self._floods.flooding:
            self._hold()
