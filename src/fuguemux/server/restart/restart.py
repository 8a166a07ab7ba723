"""Restarts the server: a process of the new code proves that it can take over, then this process hands off."""

from collections.abc import Awaitable, Callable
from typing import Any

from fuguemux.engine.engine import Engine
from fuguemux.observe.clock import Clock
from fuguemux.server.ports import EffectFailed, Requester
from fuguemux.server.restart import handoff
from fuguemux.server.restart.handoff import Handoff


class ServerRestart:
    """Belongs to the loop."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        state_directory: str,
        look: Callable[[], Any],
        checkpoint: Callable[[], Awaitable[object]],
        end: Callable[[], None],
        *,
        is_kept: bool,
    ) -> None:
        """`look` notes facts that only an examination of the panes' processes can tell. `checkpoint` saves
        everything. `end` ends this server. `is_kept`: whether a new server would find a state on disk."""
        self._engine = engine
        self._clock = clock
        self._directory = state_directory
        self._look = look
        self._checkpoint = checkpoint
        self._end = end
        self._is_kept = is_kept
        self.handoff: Handoff | None = None
        """Set once this server hands off."""

    async def give_way(self, requester: Requester) -> bytes:
        """Hand off to a new server process, once that has proved that it can take over. Raises EffectFailed.

        Does not return before the end of this server. `StandingBy.answer` tells the result.
        """
        if not self._is_kept:
            raise EffectFailed(
                "restart-server: not possible without persistence, because the new server would have no state"
            )
        self._look()
        await self._checkpoint()
        panes = self._engine.state.panes
        self.handoff = await handoff.proved(requester, self._directory, panes, self._clock)
        self._end()
        return await self.handoff.left
