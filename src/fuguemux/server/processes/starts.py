"""Starts of processes that the keeper has not answered yet, for example because it is stopped. Each start can be taken
back.
"""

import asyncio
import errno
from collections.abc import Callable, Coroutine
from typing import Any

from fuguemux.model.ids import PaneId
from fuguemux.server.processes.keeper_values import (
    KeeperUnreachable,
    RequestFailed,
    Spawned,
    is_passing,
)
from fuguemux.server.work import reserve

ROOM_AT_START_SECONDS = 2.0
"""How long after the start to retry at a limit: after a crash of server and keeper, the panes' old processes are still
ending.
"""
ROOM_SECONDS = 1.0
"""How long to retry after a pane has released its process, for another one or because the pane was closed."""
AGAIN_SECONDS = 0.1


class Withdrawn(Exception):
    """The process is not wanted any more: the pane is closed, or is to be started in another way. The process does not
    run.
    """


class ServerEnded(KeeperUnreachable):
    """The server has ended as well, so that it cannot start the process in another way."""

    def __init__(self) -> None:
        super().__init__("the server ended before the keeper answered")


class StartGivenUp(KeeperUnreachable):
    """The requester of the process is gone."""

    def __init__(self) -> None:
        super().__init__("the client that asked for it did not wait for the keeper")


class ProcessStarts:
    """The pending starts, at most one for each pane. Belongs to the loop."""

    def __init__(self) -> None:
        self._pending: dict[PaneId, asyncio.Timeout] = {}
        self._given_up: set[PaneId] = set()
        self._over = False
        self._room_until = asyncio.get_running_loop().time() + ROOM_AT_START_SECONDS
        """Until this time, processes that count for the machine's limits are likely to end."""

    async def begin(
        self, pane: PaneId, spawn: Callable[[], Coroutine[Any, Any, Spawned]]
    ) -> Spawned:
        """Return the result of `spawn`, a request to the keeper that takes itself back when cancelled.

        At a limit the request is repeated for a moment if processes are just ending, since that makes room.

        Raises Withdrawn, ServerEnded, StartGivenUp, and RequestFailed if no further pane can be held.
        """
        if self._over:
            raise ServerEnded
        at_limit = reserve.refusal()
        if at_limit:
            raise RequestFailed(at_limit, "open a terminal", errno.EMFILE)
        self._take_back(pane)
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._pending[pane] = limit
                return await self._spawned(spawn)
        except TimeoutError:
            if not limit.expired():
                raise
            raise self._reason(pane) from None
        finally:
            self._given_up.discard(pane)
            if self._pending.get(pane) is limit:
                del self._pending[pane]

    async def _spawned(self, spawn: Callable[[], Coroutine[Any, Any, Spawned]]) -> Spawned:
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await spawn()
            except RequestFailed as failure:
                if not is_passing(failure) or loop.time() >= self._room_until:
                    raise
            await asyncio.sleep(AGAIN_SECONDS)

    def _reason(self, pane: PaneId) -> Exception:
        if self._over:
            return ServerEnded()
        return StartGivenUp() if pane in self._given_up else Withdrawn()

    def give_up(self, pane: PaneId) -> None:
        """Withdraw the start and make it fail, because nothing else needed the pane."""
        if pane in self._pending:
            self._given_up.add(pane)
            self.withdraw(pane)

    def withdraw(self, pane: PaneId) -> None:
        """Take the start of a pane's process back, if one is pending. A running process of the pane is about to end."""
        now = asyncio.get_running_loop().time()
        self._room_until = max(self._room_until, now + ROOM_SECONDS)
        self._take_back(pane)

    def _take_back(self, pane: PaneId) -> None:
        limit = self._pending.pop(pane, None)
        if limit is not None:
            limit.reschedule(asyncio.get_running_loop().time())

    def end(self) -> None:
        """The server ends: take all starts back, and begin none from now on."""
        self._over = True
        for pane in list(self._pending):
            self.withdraw(pane)
