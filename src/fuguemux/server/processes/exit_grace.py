"""Decides when the exit of a pane's process is final.

At a reboot or logout, shells get SIGHUP a moment before the server gets SIGTERM. So an exit that a shutdown could have
caused is held for a moment. If there is a sign of a shutdown meanwhile, the pane is suspended; if not, it closes as in
tmux. An exit that a person caused, by `exit` or C-d, is never held.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import Final, NamedTuple

from fuguemux.keeper.protocol import ExitStatus
from fuguemux.model.ids import PaneId
from fuguemux.reactions.process_exited import is_shutdown_suspect
from fuguemux.server.processes.shutdown_signs import ShutdownSigns

GRACE_SECONDS: Final = 1.0
"""How long a suspicious exit waits for a sign. Shells were seen to exit up to 500 ms before the server is told."""
BURST_SECONDS: Final = 1.0
"""Exits this close together may have one cause."""
BURST_GRACE_SECONDS: Final = 5.0
"""How long exits wait that came in a burst."""
BURST_PANES_MIN: Final = 3
TYPED_SECONDS: Final = 2.0
"""A shell that exits this soon after Enter or C-d was ended by the person."""

Decided = Callable[[PaneId, str, ExitStatus, bool], None]
"""Called with pane, key, status, and whether a shutdown is near."""


class HeldExit(NamedTuple):
    """A process exit that is not decided yet."""

    pane: PaneId
    key: str
    status: ExitStatus
    at: float


class ExitGrace:
    """Holds process exits that a shutdown may have caused. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        signs: ShutdownSigns,
        decided: Decided,
        running: Callable[[], int],
    ) -> None:
        """`running` returns the number of panes with a process that has not exited."""
        self._loop = loop
        self._signs = signs
        # Use a context of its own: an exit is not part of a hook, even if a hook started the process.
        self._decided: Decided = partial(_outside, decided)
        self._running = running
        self._held: dict[str, HeldExit] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def ended(self, pane: PaneId, key: str, status: ExitStatus, *, typed_at: float) -> None:
        """A process has exited and its output is read to the end. `typed_at`: when Enter or C-d was last typed there
        (loop time).
        """
        now = self._loop.time()
        if self._signs.terminating:
            self._decided(pane, key, status, True)
            return
        by_person = status.code == 1 and now - typed_at < TYPED_SECONDS
        if by_person or not is_shutdown_suspect(status.code, status.signal):
            self._decided(pane, key, status, False)
            return
        if self._signs.near():
            self._decided(pane, key, status, True)
            return
        self._held[key] = HeldExit(pane, key, status, now)
        seconds = GRACE_SECONDS
        if len(self._burst(now)) >= BURST_PANES_MIN:
            seconds = BURST_GRACE_SECONDS
            for held in self._burst(now):
                self._wait(held.key, seconds)
        self._wait(key, seconds)

    def shutdown(self) -> None:
        """This server was told to end. All held exits, and all later ones, count as caused by the shutdown."""
        self._signs.terminating = True
        for key in list(self._held):
            self._decide(key, near=True)

    @property
    def holding(self) -> int:
        """The number of exits that are not decided."""
        return len(self._held)

    def _burst(self, now: float) -> list[HeldExit]:
        return [held for held in self._held.values() if now - held.at <= BURST_SECONDS]

    def _wait(self, key: str, seconds: float) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        self._timers[key] = self._loop.call_later(seconds, self._due, key)

    def _due(self, key: str) -> None:
        """The time is over: decide. If all processes exited at once, that is a sign of its own, since people do not close
        panes so.
        """
        burst = len(self._held) >= BURST_PANES_MIN and not self._running()
        if burst or self._signs.near():
            for held in list(self._held):
                self._decide(held, near=True)
            return
        self._decide(key, near=False)

    def _decide(self, key: str, *, near: bool) -> None:
        held = self._held.pop(key)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        self._decided(held.pane, key, held.status, near)


def _outside(
    decided: Decided, pane: PaneId, key: str, status: ExitStatus, shutdown_near: bool
) -> None:
    Context().run(decided, pane, key, status, shutdown_near)
