"""The channels of wait-for. Which commands wait is known in memory only, and they wait again at the next server.
Signals and locks are part of the state."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final, assert_never

from fuguemux.engine.engine import Engine
from fuguemux.model import effects as ef
from fuguemux.model.decision import Decision
from fuguemux.model.events import ChannelChanged
from fuguemux.model.state import Channel
from fuguemux.server.ports import EffectFailed, EffectResult, NotDurable
from fuguemux.server.work.waits import Waits

CHANNELS_MAX: Final = 1_024
"""The largest number of channels that are woken or locked while no command waits for them."""

Waiting = dict[str, list[asyncio.Future[None]]]


class Channels:
    """Belongs to the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        durable: Callable[[int], Awaitable[None]],
        waits: Waits,
    ) -> None:
        self._loop = loop
        self._engine = engine
        self._durable = durable
        self.waits = waits
        """All waits of the server, to which those for channels are added."""
        self._waiting: Waiting = {}
        self._lockers: Waiting = {}

    def wait_for(self, effect: ef.WaitFor) -> Awaitable[EffectResult] | None:
        """Wait, signal, lock or unlock as tmux(1) describes wait-for. Raises EffectFailed."""
        name = effect.channel
        known = self._engine.state.channels.get(name, Channel())
        match effect.mode:
            case "signal":
                waiting = self._waiting.pop(name, [])
                woken = [future for future in waiting if _wake(future)]
                return None if woken else self._remember(name, known, woken=True)
            case "unlock":
                if not known.locked:
                    raise EffectFailed(f"channel {name} not locked")
                while lockers := self._lockers.get(name):
                    if _wake(lockers.pop(0)):
                        return None  # it stays locked, for the next command that waits
                return self._remember(name, known, locked=False)
            case "lock":
                if known.locked:
                    return self._queued(self._lockers, name)
                return self._remember(name, known, locked=True)
            case "wait":
                if known.woken:
                    return self._remember(name, known, woken=False)
                return self._queued(self._waiting, name)
            case _:
                assert_never(effect.mode)

    def _queued(self, queues: Waiting, name: str) -> Awaitable[EffectResult]:
        future: asyncio.Future[None] = self._loop.create_future()
        queues.setdefault(name, []).append(future)

        async def waited() -> EffectResult:
            try:
                await future
            finally:
                queue = queues.get(name, [])
                with contextlib.suppress(ValueError):
                    queue.remove(future)
                if not queue:
                    queues.pop(name, None)
            return EffectResult()

        return self.waits.until_end(waited(), "", repeatable=True)

    def _remember(
        self, name: str, known: Channel, *, woken: bool | None = None, locked: bool | None = None
    ) -> Awaitable[EffectResult] | None:
        """Log what the next server must know as well. Returns when that is durable."""
        event = ChannelChanged(
            name,
            known.woken if woken is None else woken,
            known.locked if locked is None else locked,
        )
        if (event.woken, event.locked) == (known.woken, known.locked):
            return None
        channels = self._engine.state.channels
        if name not in channels and len(channels) >= CHANNELS_MAX:
            raise EffectFailed(f"{CHANNELS_MAX} channels are woken or locked already")
        return self._told(self._engine.tell(Decision((event,))).lsn)

    async def _told(self, lsn: int) -> EffectResult:
        try:
            await self._durable(lsn)
        except NotDurable as problem:
            raise EffectFailed(f"wait-for: done, but not on disk yet: {problem}") from problem
        return EffectResult()


def _wake(future: asyncio.Future[None]) -> bool:
    """Wake a command. Returns whether it still waited."""
    if future.done():
        return False
    future.set_result(None)
    return True
