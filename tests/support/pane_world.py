"""Panes with processes as a server has them, over a log in memory and a keeper that starts no process."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.options.environment import SpawnEnvironment
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.memory_files import MemoryStorage
from fuguemux.server.landing.zone import LandingZone
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.processes.processes import Processes
from fuguemux.server.processes.shutdown_signs import ShutdownSigns
from fuguemux.terminal.emulator import Event
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.engines import ListLog, engine_of
from tests.support.fake_clock import FakeClock
from tests.support.fake_keeper import FakeKeeper

STORE = "store"
SECONDS = 30


class OutputLog:
    """Accepts all output, and forgets it."""

    next_lsn = 1
    congested = False
    output_stopped = False
    written_lsn = 0

    def append_output(self, pane: int, offset: int, data: memoryview) -> int:
        self.next_lsn += 1
        return self.next_lsn - 1

    def write(self) -> bool:
        return self.write_now()

    def write_now(self) -> bool:
        self.written_lsn = self.next_lsn - 1
        return True


class PaneWorld:
    """`told` lists the keeper's requests in order. Close it at the end, on its loop."""

    def __init__(self, state: ServerState) -> None:
        self.loop = asyncio.get_running_loop()
        self.told: list[tuple[object, ...]] = []
        self.keeper = FakeKeeper(self.told)
        self.log = ListLog()
        self.clock = FakeClock()
        self.durability: Callable[[], Awaitable[object]] = _at_once
        self.store = ScrollbackStore(PackReader(MemoryStorage(), "nowhere"))
        self.panes = Panes(GhosttyEmulator, self.store, self._removed, lambda _state, _pane: 1_000)
        self.engine = engine_of(state, self.log, publish=self.panes.published)
        self.output = PaneOutput(self.loop, OutputLog(), self, self.clock)
        zone = LandingZone.open("", store="s")
        assert isinstance(zone, LandingZone)
        self.output.zone = zone
        self._tasks: set[asyncio.Task[None]] = set()
        self.signs = ShutdownSigns(self.clock.wall_ms)
        self.ended: Callable[[ServerState, PaneId], None] = lambda _before, _pane: None
        """Called when a pane's process has ended."""
        self.processes = Processes(
            self.loop,
            self.engine,
            self.panes,
            self.output,
            self.clock,
            STORE,
            self.durable,
            self.spawn,
            SpawnEnvironment(b"/run/fugue", 77, "3.4", b"/"),
            self.signs,
            lambda before, pane: self.ended(before, pane),
        )
        self.processes.keeper = self.keeper
        self.panes.published(ServerState(), state, (), 1)

    async def durable(self, lsn: int) -> None:
        await self.durability()
        self.told.append(("durable", lsn))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _removed(self, terminal: PaneTerminal) -> None:
        self.processes.removed(terminal)

    def output_shown(
        self, terminal: PaneTerminal, events: Sequence[Event], data: memoryview
    ) -> None:
        """Do nothing: there are no viewers."""

    def output_ended(self, terminal: PaneTerminal) -> None:
        self.processes.output_ended(terminal)

    def terminal(self, pane: int = 0) -> PaneTerminal:
        """The pane's terminal, which must exist."""
        found = self.panes.get(PaneId(pane))
        assert found is not None
        return found

    def screen(self, pane: int = 0) -> list[str]:
        """What the pane shows, without empty rows."""
        return [row for row in self.terminal(pane).emulator.screen_text() if row]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition is true on this loop."""
        async with asyncio.timeout(SECONDS):
            while not condition():  # noqa: ASYNC110  # many different events may make it true
                await asyncio.sleep(0.001)

    async def settle(self) -> None:
        """Wait until all spawned tasks have ended."""
        async with asyncio.timeout(SECONDS):
            while self._tasks:
                await asyncio.wait(self._tasks)

    async def close(self) -> None:
        await self.settle()
        for terminal in self.panes:
            self.output.stop(terminal)
            if terminal.master is not None:
                terminal.master.close()
            terminal.close()
        self.output.close()
        self.output.zone.close()
        self.keeper.end()


async def _at_once() -> None:
    pass
