"""What a start does with each pane, and what the report says about it: adopted, started again, or left dead."""

import errno
import os
import tty
from collections.abc import AsyncIterator

import msgspec
import pytest
from msgspec.structs import replace

from fuguemux.keeper.protocol import ExitStatus
from fuguemux.model.decision import Decision
from fuguemux.model.events import ProcessExited, ProcessStarted
from fuguemux.model.ids import PaneId
from fuguemux.model.state import ExitCause, Life, ServerState
from fuguemux.persistence.report.parts import PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.server.panes.last_screens import LastScreens
from fuguemux.server.processes.keeper_client import HeldPane
from fuguemux.server.processes.keeper_values import RequestFailed
from fuguemux.server.recovery.restoration import Restoration
from tests.support.builders import session, state, window
from tests.support.pane_world import STORE, PaneWorld

ONE, TWO = PaneId(0), PaneId(1)


def two_panes() -> ServerState:
    """Two windows with a pane each, which stay when their processes end."""
    found = state(session("work", *(window(options={"remain-on-exit": "on"}) for _ in range(2))))
    panes = {pane: msgspec.structs.replace(found.panes[pane], cwd=b"/") for pane in found.panes}
    return msgspec.structs.replace(found, panes=panes)


class World(PaneWorld):
    """As recovery leaves it: panes without processes."""

    def __init__(self, recovered: ServerState) -> None:
        super().__init__(recovered)
        panes = [PaneReport(pane, "live") for pane in recovered.panes]
        self.report = RecoveryReport(self.clock.wall_ms(), panes=panes)
        self.masters: list[int] = []
        self.programs: list[int] = []

    def held(self, pane: int, *, generation: int = 1, status: ExitStatus | None = None) -> HeldPane:
        """A process that the keeper holds; the test has the other end of its terminal."""
        master, slave = os.openpty()
        os.set_blocking(master, False)
        self.programs.append(slave)
        tty.setraw(slave)
        key, pid = f"{STORE}/{pane}/{generation}", 1_000 * generation + pane
        return HeldPane(key, pid, 1, os.ttyname(slave), (b"sh",), master, status)

    async def restore(self, *held: HeldPane, answers: dict[PaneId, bytes] | None = None) -> None:
        restoration = Restoration(
            self.engine,
            self.panes,
            self.output,
            self.processes,
            self.clock,
            STORE,
            self.report,
            (),
            self.spawn,
            lambda _pane: None,
            LastScreens(
                None, "", self.spawn, lambda: 0, self.clock.wall_ms, self.panes.get, lambda _: None
            ),
        )
        await restoration.run(held, answers or {})

    def of(self, pane: PaneId) -> PaneReport:
        (found,) = (each for each in self.report.panes if each.pane == pane)
        return found

    def life(self, pane: PaneId) -> Life:
        return self.engine.state.panes[pane].life

    async def close(self) -> None:
        for descriptor in self.programs:
            os.close(descriptor)
        await super().close()


async def _at_once() -> None:
    pass


@pytest.fixture
async def here() -> AsyncIterator[World]:
    world = World(two_panes())
    yield world
    await world.close()


async def test_a_process_that_still_runs_is_carried_on_and_one_that_is_gone_is_started_again(
    here: World,
) -> None:
    await here.restore(here.held(0), answers={ONE: b"\x1b[0n"})
    os.write(here.programs[0], b"on and on")
    await here.until(lambda: here.screen(0) == ["on and on"])
    assert os.read(here.programs[0], 100), "the reply that a query is still owed"
    assert here.of(ONE).status == "live"
    assert here.of(TWO).status == "respawned"
    assert [asked[:2] for asked in here.told if asked[0] == "spawn"] == [("spawn", "store/1/2")]
    assert "── restored" in here.screen(1)[0], "a line says where the new process begins"


async def test_an_end_while_no_server_was_there_is_told_by_the_pane(here: World) -> None:
    await here.restore(here.held(0, status=ExitStatus(3)), here.held(1))
    await here.until(lambda: here.life(ONE) is Life.DEAD)
    ended = here.log.events()[-1]
    assert isinstance(ended, ProcessExited)
    assert ended.code == 3
    assert here.life(TWO) is Life.RUNNING


async def test_a_process_that_does_not_start_costs_no_other_pane(here: World) -> None:
    async def fails_once() -> None:
        here.keeper.before_spawn = _at_once
        raise RequestFailed("no program", "execute", errno.ENOENT)

    here.keeper.before_spawn = fails_once
    await here.restore()
    assert (here.of(ONE).status, here.of(ONE).reason) == (
        "failed",
        "create pane failed: no program",
    )
    assert here.life(ONE) is Life.DEAD
    assert here.of(TWO).status == "respawned"
    assert here.life(TWO) is Life.RUNNING


async def test_a_pane_that_was_dead_stays_dead_and_says_how_it_ended() -> None:
    recovered = two_panes()
    here = World(recovered)
    ended = ProcessExited(ONE, 4, None, ExitCause.EXITED, here.clock.wall_ms())
    here.engine.tell(Decision((ended,)))
    await here.restore(here.held(1))
    assert here.of(ONE).status == "held-dead"
    assert here.of(ONE).exit_code == 4
    assert here.told == []
    await here.close()


async def test_a_start_that_no_event_tells_of_is_noted(here: World) -> None:
    held = here.held(0, generation=2)
    await here.restore(replace(held, pid=4_321), here.held(1))
    started = [event for event in here.log.events() if isinstance(event, ProcessStarted)]
    assert [(event.pane, event.generation, event.pid) for event in started] == [(ONE, 2, 4_321)]


async def test_a_process_of_no_pane_gets_one(here: World) -> None:
    held = here.held(9)
    await here.restore(here.held(0), here.held(1), held)
    (found,) = set(here.engine.state.panes) - {ONE, TWO}
    names = [each.name for each in here.engine.state.sessions.values()]
    assert names == ["work", "rescued"]
    assert here.of(found).status == "live"
    assert here.report.notes == [f"process {held.pid} belonged to no pane: it is now %{found}"]


async def test_the_keeper_may_forget_the_end_of_an_older_process(here: World) -> None:
    older = here.held(0, generation=0, status=ExitStatus(0))
    await here.restore(here.held(0), here.held(1), older)
    await here.settle()
    assert ("taken", older.key) in here.told
    assert here.life(ONE) is Life.RUNNING
