"""Finds or starts the keeper, receives from it which processes exited, and replaces it when it dies, at any moment."""

import asyncio
import contextlib
import os
import signal
import socket
from functools import partial
from typing import Protocol

from fuguemux import __version__
from fuguemux.keeper.protocol import ExitStatus
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.storage.files import Storage
from fuguemux.server.ports import CannotStart
from fuguemux.server.processes import foreign_keeper
from fuguemux.server.processes.foreign_keeper import TakenOver
from fuguemux.server.processes.keeper_client import (
    HeldPane,
    KeeperClient,
    KeeperLost,
    KeeperRefused,
    KeeperUnreachable,
    PaneExited,
    RequestFailed,
)
from fuguemux.server.processes.keeper_place import KeeperPlace
from fuguemux.server.processes.keeper_start import linked_keeper, replace_keeper
from fuguemux.server.work.sequence_gate import SequenceGate

RETRY_SECONDS = 1.0
LAST_SECONDS_MAX = 5.0
"""How long the end of the server waits for a keeper that is being started."""
WAKE_SECONDS = 1.0
"""A keeper that does not answer the request to end for this long is most likely stopped."""

diagnostics = channel("server")


class KeptProcesses(Protocol):
    """The part of `Processes` that depends on the keeper."""

    keeper: KeeperClient | None
    no_keeper: str
    """Why the last attempt to start another keeper failed, behind a colon."""

    def keys(self) -> list[str]: ...

    def held(self) -> list[HeldPane]: ...

    def expect_no_keeper(self) -> None: ...

    def exited(self, key: str, status: ExitStatus) -> None: ...


class Keepers:
    """The keeper of a server, and its successors. Belongs to the loop."""

    def __init__(
        self, processes: KeptProcesses, place: KeeperPlace, store: str, gate: SequenceGate
    ) -> None:
        """`store` is the one of the keeper's processes. The exit of a process that a sequence of commands started is
        handled after the sequence.
        """
        self._processes = processes
        self._place = place
        self._store = store
        self._gate = gate
        self._early: list[PaneExited] | None = []
        """Exits that were reported before every pane had its process; None afterwards."""
        self._serves = False
        self._stopping = False
        self._there = asyncio.Event()
        """Cleared while the keeper is gone and another one is being started."""
        self._there.set()

    async def connect(
        self,
        link: socket.socket | None,
        storage: Storage,
        directory: str,
        left: list[HeldPane],
    ) -> TakenOver:
        """Connect to the keeper over `link` or where it listens, or start one. Raises CannotStart.

        `storage` and `directory` are those of the state. `left` is what this process kept while it stood by. A keeper
        that has to be started gets it, and the list is emptied.
        """
        try:
            try:
                keeper = await self._found(link)
            except KeeperUnreachable:
                keeper = await self._started(left)
            except KeeperRefused as refused:
                path = self._place.path()
                taken = await foreign_keeper.connect(path, refused, storage, directory)
                self._store = taken.store
                self._processes.keeper = taken.client
                return taken
        except (KeeperUnreachable, KeeperRefused) as refused:
            raise CannotStart(f"keeper: {refused}") from refused
        self._processes.keeper = keeper
        return TakenOver(keeper, self._store, known=True)

    async def _found(self, link: socket.socket | None) -> KeeperClient:
        path = self._place.path()
        if link is not None:
            with contextlib.suppress(KeeperUnreachable):
                return await KeeperClient.over(link, store=self._store)
        return await KeeperClient.connect(path, store=self._store)

    async def _started(self, left: list[HeldPane]) -> KeeperClient:
        argv = self._place.argv(self._store)
        if not left:
            return await linked_keeper(argv, self._place.path, store=self._store)
        # The keeper died while this process stood by.
        keeper = await replace_keeper(
            argv, self._place.path, store=self._store, panes=left, descriptors={}
        )
        keeper.held = list(left)
        left.clear()
        return keeper

    async def listen(self, anew: bool) -> None:
        """Make the keeper listen again in its place. `anew`: the state is in another directory."""
        keeper = self._processes.keeper
        if keeper is not None:
            # For example a keeper of an earlier version.
            with contextlib.suppress(RequestFailed, KeeperUnreachable):
                await keeper.listen(anew=anew)

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
        keeper = self._processes.keeper
        if keeper is not None:
            await keeper.ready(__version__, self._processes.keys())

    def stop(self) -> None:
        """The server is about to end: stop waiting for another keeper."""
        self._stopping = True
        self._processes.expect_no_keeper()

    async def last(self) -> KeeperClient | None:
        """The keeper that is to be told of the server's end. If one is being started, it is waited for, because it would
        start the next server.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS_MAX):
                await self._there.wait()
        return self._processes.keeper

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
            ended = partial(self._processes.exited, event.key, event.status)
            self._gate.after(event.key, ended)
        else:
            self._early.append(event)

    async def _another(self) -> KeeperClient:
        """Start another keeper and hand it every process. Tries until it works, since panes depend on it."""
        processes = self._processes
        processes.keeper = None
        while True:
            try:
                keeper = await replace_keeper(
                    self._place.argv(self._store),
                    self._place.path,
                    store=self._store,
                    panes=processes.held(),
                    descriptors={},
                )
            except (KeeperUnreachable, KeeperRefused, RequestFailed, OSError) as problem:
                diagnostics.error("keeper.not_replaced", reason=str(problem))
                processes.no_keeper = f": {problem}"
                await asyncio.sleep(RETRY_SECONDS)
                continue
            processes.keeper = keeper
            diagnostics.info("keeper.replaced", pid=keeper.keeper_pid)
            if self._serves:
                await keeper.ready()
            return keeper


def _wake(pid: int) -> None:
    """Continue a stopped process. Does nothing to a running one."""
    diagnostics.warning("keeper.woken", pid=pid)
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGCONT)
