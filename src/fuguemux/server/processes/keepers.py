"""Hears from the keeper which processes ended; has another one take over when it dies, at whatever moment that is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fuguemux import __version__
from fuguemux.observe.diagnostics import channel
from fuguemux.server.processes.keeper_client import (
    KeeperClient,
    KeeperLost,
    KeeperRefused,
    KeeperUnreachable,
    PaneExited,
    RequestFailed,
)
from fuguemux.server.processes.keeper_start import replace_keeper

if TYPE_CHECKING:
    from fuguemux.server.main import Server

RETRY_SECONDS = 1.0
LAST_SECONDS_MAX = 5.0
"""How long the end of the server waits for a keeper that is on its way."""
WAKE_SECONDS = 1.0
"""A keeper that is told to end and does not answer for so long is most likely stopped."""

diagnostics = channel("server")


class Keepers:
    """The keeper of a server and those that follow it. Belongs to the loop."""

    def __init__(self, server: Server, argv: Callable[[], tuple[str, ...]]) -> None:
        """`argv` starts another keeper."""
        self._server = server
        self._argv = argv
        self._early: list[PaneExited] | None = []
        """Ends that were told while panes and processes are brought together; None afterwards."""
        self._serves = False
        self._stopping = False
        self._there = asyncio.Event()
        """Cleared while the keeper is gone and another one is on its way."""
        self._there.set()

    async def follow(self, keeper: KeeperClient) -> None:
        """Do what `keeper` tells, and the next ones, until the server stops without one."""
        while True:
            event = await keeper.events.get()
            if isinstance(event, PaneExited):
                self._exited(event)
            elif isinstance(event, KeeperLost):
                if self._stopping:
                    return
                diagnostics.warning("keeper.lost", reason=event.reason)
                self._there.clear()
                keeper = await self._another()
                self._there.set()

    def restored(self) -> None:
        """Every pane has its process: the ends of those that ended meanwhile are dealt with."""
        early, self._early = self._early or [], None
        for event in early:
            self._exited(event)

    async def serves(self) -> None:
        """Tell the keeper that the server serves; if there is none, the next one is told when it comes."""
        self._serves = True
        processes = self._server.processes
        if processes.keeper is not None:
            await processes.keeper.ready(__version__, processes.keys())

    def stop(self) -> None:
        """The server is about to end: nobody waits for another keeper any more."""
        self._stopping = True
        self._server.processes.expect_no_keeper()

    async def last(self) -> KeeperClient | None:
        """The keeper that is to hear of the server's end. One that is on its way would start the next server, so it is
        waited for."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS_MAX):
                await self._there.wait()
        return self._server.processes.keeper

    async def tell_end(self, keeper: KeeperClient) -> None:
        """Have `keeper` hang all panes up and end once this server is gone. One that is stopped is woken for that."""
        asked = keeper.stop()
        waking = asyncio.get_running_loop().call_later(WAKE_SECONDS, _wake, keeper.keeper_pid)
        try:
            async with asyncio.timeout(LAST_SECONDS_MAX):
                await asked
        except (KeeperUnreachable, RequestFailed, TimeoutError) as problem:
            diagnostics.warning("keeper.not_told", reason=str(problem))
        finally:
            waking.cancel()

    def _exited(self, event: PaneExited) -> None:
        if self._early is None:
            ended = partial(self._server.processes.exited, event.key, event.status)
            self._server.executor.gate.after(event.key, ended)
        else:
            self._early.append(event)

    async def _another(self) -> KeeperClient:
        """Start another keeper and hand it every process; tries until it works, since panes depend on it."""
        server = self._server
        server.processes.keeper = None
        while True:
            try:
                keeper = await replace_keeper(
                    self._argv(),
                    server.booted.keeper_place.path,
                    store=server.keeper_store,
                    panes=server.processes.held(),
                    descriptors={},
                )
            except (KeeperUnreachable, KeeperRefused, RequestFailed, OSError) as problem:
                diagnostics.error("keeper.not_replaced", reason=str(problem))
                server.processes.no_keeper = f": {problem}"
                await asyncio.sleep(RETRY_SECONDS)
                continue
            server.processes.keeper = keeper
            diagnostics.info("keeper.replaced", pid=keeper.keeper_pid)
            if self._serves:
                await keeper.ready()
            return keeper


def _wake(pid: int) -> None:
    """Let a stopped process go on; nothing happens to one that runs."""
    diagnostics.warning("keeper.woken", pid=pid)
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGCONT)
