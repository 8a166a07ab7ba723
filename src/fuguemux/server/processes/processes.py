"""Panes' processes: started through the keeper, adopted from it when the server starts, and followed to their exit.

An exit is handled only when all output of the process has been read and logged. First the PTY is drained, then the
reaction decides what happens to the pane. When that decision is durable, the keeper is told that it may forget the exit
status.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from msgspec.structs import replace

from fuguemux.engine.engine import Engine
from fuguemux.engine.reconcile import pane_key
from fuguemux.keeper.protocol import ExitStatus
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Life, ServerState
from fuguemux.observe.clock import Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.options.environment import SpawnEnvironment
from fuguemux.reactions import process_exited, process_started, start_failed
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.panes.pane_terminal import PaneTerminal, PtyMaster
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.restore_policy import note, suspended_text
from fuguemux.server.ports import EffectFailed, NotDurable
from fuguemux.server.processes.exit_grace import ExitGrace
from fuguemux.server.processes.keeper_client import (
    HeldPane,
    KeeperClient,
    KeeperGone,
    KeeperUnreachable,
    RequestFailed,
)
from fuguemux.server.processes.keeper_values import Spawned, is_passing, waits_for
from fuguemux.server.processes.preparing import Preparing
from fuguemux.server.processes.shutdown_signs import ShutdownSigns
from fuguemux.server.processes.starts import ProcessStarts, Withdrawn

KEEPER_SECONDS_MAX = 10.0
"""How long after the death of a keeper the start of a process waits for the next one. Commands of other clients wait as
well.
"""

diagnostics = channel("processes")


class Processes:
    """The processes of all panes. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        panes: Panes,
        output: PaneOutput,
        clock: Clock,
        store: str,
        durable: Callable[[int], Awaitable[None]],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        surroundings: SpawnEnvironment,
        signs: ShutdownSigns,
        ended: Callable[[ServerState, PaneId], None],
    ) -> None:
        """`ended` is called with the previous state when a pane's process has exited, because a hook may be set for that."""
        self._loop = loop
        self._engine = engine
        self._panes = panes
        self._output = output
        self._clock = clock
        self._store = store
        self._durable, self._spawn = durable, spawn
        self._exits: dict[str, ExitStatus] = {}
        self._by_key: dict[str, PaneId] = {}
        self._away: set[str] = set()
        """Keys of processes that exited while no server was running."""
        self._keeper: KeeperClient | None = None
        self._keeper_came = asyncio.Event()
        """Also set once no start is to wait for a keeper any more."""
        self._patient_until = 0.0
        self._last_keeper = False
        self.no_keeper = ""  # why the last attempt to start another keeper failed, behind a colon
        self._starts = ProcessStarts()
        self._preparing = Preparing(surroundings)
        self.give_up = self._starts.give_up
        self._ended = ended
        self._signs = signs
        self.grace = ExitGrace(loop, signs, self._decided, self._running)

    @property
    def keeper(self) -> KeeperClient | None:
        """The keeper, which starts and holds the processes. None if the last one died and the next is not there yet."""
        return self._keeper

    @keeper.setter
    def keeper(self, keeper: KeeperClient | None) -> None:
        if keeper is not None:
            self._keeper_came.set()
        elif self._keeper is not None:
            self._patient_until = self._loop.time() + KEEPER_SECONDS_MAX
            if not self._last_keeper:
                self._keeper_came.clear()
        self._keeper = keeper

    def expect_no_keeper(self) -> None:
        """The server ends: no start waits for the next keeper from now on."""
        self._last_keeper = True
        self._keeper_came.set()
        self._starts.end()

    # Starting

    async def start(self, pane_id: PaneId, argv: tuple[bytes, ...] | None = None) -> None:
        """Start the process of a pane: its own command, or `argv` (empty: a shell) in its place.

        Waits for the next keeper if there is none, and without a limit for a keeper that does not answer. Raises
        EffectFailed if the process cannot be started; the pane has been dealt with then.
        """
        try:
            while not await self._started(pane_id, argv, await self._next_keeper()):
                pass
        except Withdrawn:
            return
        except (RequestFailed, KeeperUnreachable) as failure:
            raise self._start_failed(pane_id, failure) from failure

    async def _started(
        self, pane_id: PaneId, argv: tuple[bytes, ...] | None, keeper: KeeperClient
    ) -> bool:
        """Make `keeper` start the process. Returns False if the keeper died; it then hung up the process if that had been
        started.

        Raises RequestFailed, and KeeperUnreachable for a keeper that does not answer.
        """
        state = self._engine.state
        pane, terminal = state.panes.get(pane_id), self._panes.get(pane_id)
        if pane is None or terminal is None:
            return True
        generation = pane.generation + 1
        key = pane_key(self._store, pane_id, generation)
        directory = pane.cwd

        async def spawn() -> Spawned:
            nonlocal directory
            defaults = self._engine.live.option_defaults()
            found = await self._preparing.prepared(state, defaults, pane, argv)
            directory = found.directory
            return await found.spawned(keeper, key, terminal.size)

        terminal.early = terminal.early or bytearray()
        try:
            spawned = await self._starts.begin(pane_id, spawn)
        except KeeperGone:
            if self.keeper is keeper:
                self.keeper = None
            return False
        reach("pane.spawned")
        if pane_id not in self._engine.state.panes:  # the pane was closed meanwhile
            os.close(spawned.master_fd)
            await self._tell_keeper("forget", key)
            return True
        terminal.begin(PtyMaster(self._loop, spawned.master_fd))
        self._known(terminal, key)
        terminal.status = "cwd-fallback" if directory != pane.cwd else terminal.status
        self._engine.tell(
            process_started.decide(
                self._engine.state,
                self._engine.live,
                pane_id,
                generation=generation,
                pid=spawned.pid,
                process_start=spawned.start_time or 0,
                tty=spawned.tty,
                instead=argv,
            )
        )
        self._output.start_new(terminal)
        return True

    async def _next_keeper(self) -> KeeperClient:
        """Wait for a keeper. Raises KeeperUnreachable."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(None if self._keeper else self._patient_until):
                await self._keeper_came.wait()
        if self._keeper is None:
            raise KeeperUnreachable(f"the keeper is gone, and no other one came{self.no_keeper}")
        return self._keeper

    def waits_for(self) -> str:
        """Say what a slow start waits for."""
        pid = self._keeper.keeper_pid if self._keeper else None
        return self._preparing.waits or waits_for(pid)

    def _start_failed(self, pane: PaneId, failure: Exception) -> EffectFailed:
        state, live, terminal = self._engine.state, self._engine.live, self._panes.get(pane)
        if terminal is not None:
            terminal.early = None
        again = is_passing(failure)
        self._engine.tell(start_failed.decide(state, live, pane, str(failure), again=again))
        return EffectFailed(f"create pane failed: {failure}")

    def release(self, pane_id: PaneId) -> bool:
        """Hang up the process that a pane still has, because another one is about to replace it. Returns whether the pane
        ever had one.
        """
        pane, terminal = self._engine.state.panes.get(pane_id), self._panes.get(pane_id)
        self._starts.withdraw(pane_id)
        if pane is None or terminal is None or pane.generation == 0:
            return False
        self._let_go(terminal)
        return True

    def adopt(self, terminal: PaneTerminal, held: HeldPane) -> None:
        """Carry on with a process that the keeper held while no server was running."""
        master = PtyMaster(self._loop, held.master_fd)
        master.resize(terminal.size.columns, terminal.size.rows)
        terminal.begin(master)
        self._known(terminal, held.key)
        self._output.start(terminal)
        if held.exit_status is not None:
            self._away.add(held.key)
            self.exited(held.key, held.exit_status)

    def not_needed(self, held: HeldPane) -> None:
        """The exit of this process, or the end of its pane, was logged before: the keeper may forget it, and hang it up
        if it runs.
        """
        if held.master_fd >= 0:
            os.close(held.master_fd)
        ended = held.exit_status is not None
        self._spawn(self._taken(held.key, 0) if ended else self._hang_up(held.key))

    def _known(self, terminal: PaneTerminal, key: str) -> None:
        terminal.key = key
        self._by_key[key] = terminal.id

    # Ending

    def exited(self, key: str, status: ExitStatus) -> None:
        """The keeper reports a process exit. Its pane is dealt with once its output is read to the end."""
        pane_id = self._by_key.get(key)
        terminal = None if pane_id is None else self._panes.get(pane_id)
        if terminal is None or terminal.key != key:
            self._spawn(self._taken(key, 0))
            return
        self._exits[key] = status
        self._output.drain(terminal)
        self._output.when_shown(terminal, partial(self._finish, terminal))

    def output_ended(self, terminal: PaneTerminal) -> None:
        """The PTY has reached its end. The exit status follows, or came already."""
        if terminal.key in self._exits:
            self._finish(terminal)

    def _finish(self, terminal: PaneTerminal) -> None:
        """All output of the process is shown: decide its exit now, or in a moment if a shutdown may have caused it."""
        status = self._exits.pop(terminal.key, None)
        if status is None:
            return
        self._output.stop(terminal)
        _close_master(terminal)
        away = terminal.key in self._away
        if away and not self._signs.near():
            self._decided(terminal.id, terminal.key, status, False)
        else:
            self.grace.ended(terminal.id, terminal.key, status, typed_at=terminal.typed_at)

    def _decided(self, pane: PaneId, key: str, status: ExitStatus, shutdown_near: bool) -> None:
        """It is now known what the exit of a process means."""
        terminal = self._panes.get(pane)
        # The pane was closed or started again meanwhile.
        if terminal is None or terminal.key != key:
            self._spawn(self._taken(key, 0))
            return
        self._by_key.pop(key, None)
        terminal.key = ""
        before = self._engine.state
        outcome = self._engine.tell(
            process_exited.decide(
                self._engine.state,
                self._engine.live,
                pane,
                code=status.code,
                signal=status.signal,
                shutdown_near=shutdown_near,
                stopping=self._signs.terminating,
                away=key in self._away,
            )
        )
        self._away.discard(key)
        reach("pane.end_logged")
        self._spawn(self._taken(key, outcome.lsn))
        self._say_how_it_ended(pane)
        self._ended(before, pane)

    def _say_how_it_ended(self, pane: PaneId) -> None:
        """Print a line in a pane that is kept while the server goes on."""
        known, terminal = self._engine.state.panes.get(pane), self._panes.get(pane)
        if known is None or terminal is None or known.exit is None or self._signs.terminating:
            return
        if known.life is Life.SUSPENDED:
            terminal.status = "suspended"
            column = terminal.emulator.cursor.column
            self._output.inject(terminal, note(suspended_text(known), column=column))

    def _running(self) -> int:
        return sum(bool(terminal.master) for terminal in self._panes)

    async def _taken(self, key: str, lsn: int) -> None:
        try:
            await self._durable(lsn)
        except NotDurable:
            return  # the keeper holds the status, because the next server may need it
        await self._tell_keeper("taken", key)

    def removed(self, terminal: PaneTerminal) -> None:
        """The pane is gone from the state: hang its process up and free everything."""
        self._starts.withdraw(terminal.id)
        self._let_go(terminal)
        terminal.close()

    def _let_go(self, terminal: PaneTerminal) -> None:
        self._output.stop(terminal)
        key, terminal.key = terminal.key, ""
        _close_master(terminal)
        if key:
            self._by_key.pop(key, None)
            self._exits.pop(key, None)
            self._spawn(self._hang_up(key))

    async def _hang_up(self, key: str) -> None:
        if self.keeper is not None:
            with contextlib.suppress(RequestFailed, KeeperUnreachable):
                await self.keeper.kill(key, signal.SIGHUP)
        await self._tell_keeper("forget", key)

    async def _tell_keeper(self, what: str, key: str) -> None:
        if self.keeper is None:
            return
        try:
            await (self.keeper.taken(key) if what == "taken" else self.keeper.forget(key))
        except (RequestFailed, KeeperUnreachable) as failure:
            diagnostics.debug("keeper_not_told", what=what, key=key, reason=str(failure))

    # For another keeper, or another server

    def keys(self) -> list[str]:
        """The keeper's keys of all processes that this server carries on with."""
        return list(self._by_key)

    def let_go(self) -> list[HeldPane]:
        """Give every running process away, each with a master of its own. The panes stay as they are."""
        panes = [replace(held, master_fd=os.dup(held.master_fd)) for held in self.held()]
        for terminal in self._panes:
            _close_master(terminal)
        return panes

    def held(self) -> list[HeldPane]:
        """Return every running process in the form that another keeper needs."""
        state = self._engine.state
        found = []
        for terminal in self._panes:
            pane = state.panes.get(terminal.id)
            if terminal.key and terminal.master is not None and pane is not None:
                found.append(
                    HeldPane(
                        terminal.key,
                        pane.pid,
                        pane.process_start or None,
                        pane.tty,
                        pane.argv,
                        terminal.master.fd,
                        self._exits.get(terminal.key),
                    )
                )
        return found


def _close_master(terminal: PaneTerminal) -> None:
    """Close the server's side of the pane's terminal. A process that still has the other side gets SIGHUP."""
    if terminal.master is not None:
        terminal.master.close()
        terminal.master = None
