"""Hears from the keeper which processes exited, and replaces the keeper when it dies, at any moment."""

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
"""How long the end of the server waits for a keeper that is being started."""
WAKE_SECONDS = 1.0
"""A keeper that does not answer the request to end for this long is most likely stopped."""

diagnostics = channel("server")


class Keepers:
    """The keeper of a server, and its successors. Belongs to the loop."""

    def __init__(self, server: Server, argv: Callable[[], tuple[str, ...]]) -> None:
        """`argv` returns the command line that starts another keeper."""
        self._server = server
        self._argv = argv
        self._early: list[PaneExited] | None = []
        """Exits that were reported before every pane had its process; None afterwards."""
        self._serves = False
        self._stopping = False
        self._there = asyncio.Event()
        """Cleared while the keeper is gone and another one is being started."""
        self._there.set()

    async def follow(self, keeper: KeeperClient) -> None:
        """Handle the events of `keeper` and of the next keepers, until the server stops without one."""
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
        """Every pane has its process now: handle the exits that were reported meanwhile."""
        early, self._early = self._early or [], None
        for event in early:
            self._exited(event)

    async def serves(self) -> None:
        """Tell the keeper that the server serves. If there is no keeper, the next one is told when it is there."""
        self._serves = True
        processes = self._server.processes
        if processes.keeper is not None:
            await processes.keeper.ready(__version__, processes.keys())

    def stop(self) -> None:
        """The server is about to end: stop waiting for another keeper."""
        self._stopping = True
        self._server.processes.expect_no_keeper()

    async def last(self) -> KeeperClient | None:
        """The keeper that is to be told of the server's end. If one is being started, it is waited for, because it would
        start the next server.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS_MAX):
                await self._there.wait()
        return self._server.processes.keeper

    async def tell_end(self, keeper: KeeperClient) -> None:
        """Make `keeper` hang all panes up and end once this server is gone. A stopped keeper is woken for that."""
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
        """Start another keeper and hand it every process. Tries until it works, since panes depend on it."""
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
    """Continue a stopped process. Does nothing to a running one."""
    diagnostics.warning("keeper.woken", pid=pid)
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGCONT)
