"""Who has just come is answered before panes that flood go on.

A command takes the loop three or four turns, and a turn full of floods takes milliseconds; their programs take the processors
besides. So from when a client connects until it is answered, floods are neither read nor shown: their programs soon wait in
write(2). No flood starves: nobody holds them for longer than `HOLD_SECONDS_MAX`, and after that they have as much
time for themselves as they were held.
"""

import asyncio
from typing import Final, Protocol

from fuguemux.model.ids import ClientId

HOLD_SECONDS_MAX: Final = 0.03
"""Most commands take some milliseconds; one that takes longer waits for something else than the loop."""
LEAVE_SECONDS: Final = 0.004
"""For so long after its answer floods are held: a command is over for people when its process has ended."""


class Floods(Protocol):
    """Panes that print more than can be shown in passing."""

    @property
    def flooding(self) -> bool:
        """Whether any pane has printed so much of late."""
        ...

    def hold(self) -> None:
        """Let their programs wait."""
        ...

    def go_on(self) -> None:
        """Let them print on."""
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
        """A client has connected. `answered` has to follow."""
        self._waiting.add(client)
        if self._floods.flooding:
            self._hold()

    def answered(self, client: ClientId) -> None:
        """A client has its answer, or is gone. May be called again."""
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
