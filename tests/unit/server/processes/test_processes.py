"""Panes' processes from start to end: what is logged, what the keeper is asked, and in which order."""

import asyncio
import errno
import signal
from collections.abc import AsyncIterator

import msgspec
import pytest

from fuguemux.keeper.protocol import ExitStatus
from fuguemux.model.closing import close_panes
from fuguemux.model.decision import Decision
from fuguemux.model.events import PaneRespawned, ProcessExited, ProcessStarted
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Life, ServerState
from fuguemux.server.ports import EffectFailed, NotDurable
from fuguemux.server.processes.keeper_values import KeeperGone, RequestFailed
from tests.support.builders import session, state, window
from tests.support.fake_keeper import FakeKeeper
from tests.support.pane_world import PaneWorld

PANE = PaneId(0)
FIRST, SECOND = "store/0/1", "store/0/2"
ENDED = ExitStatus(0, None)


def starting(*, generation: int = 0, remain: bool = True) -> ServerState:
    """A session with two windows, whose first pane is to be started."""
    options = {"remain-on-exit": "on"} if remain else {}
    found = state(session("work", window(options=options), window()))
    pane = msgspec.structs.replace(
        found.panes[PANE], life=Life.STARTING, generation=generation, pid=0, cwd=b"/"
    )
    return msgspec.structs.replace(found, panes={**found.panes, PANE: pane})


@pytest.fixture
async def here() -> AsyncIterator[PaneWorld]:
    world = PaneWorld(starting())
    yield world
    await world.close()


def life(here: PaneWorld) -> Life:
    return here.engine.state.panes[PANE].life


async def failing(error: Exception) -> None:
    raise error


async def test_a_process_is_started_logged_and_read(here: PaneWorld) -> None:
    await here.processes.start(PANE)
    assert here.told == [("spawn", FIRST, (80, 24))]
    (started,) = here.log.events()
    assert isinstance(started, ProcessStarted)
    assert (started.pane, started.generation, started.pid) == (PANE, 1, 1_001)
    here.keeper.write(FIRST, b"hello")
    await here.until(lambda: here.screen() == ["hello"])
    assert here.processes.keys() == [FIRST]


async def test_a_new_pane_whose_process_does_not_start_goes(here: PaneWorld) -> None:
    here.keeper.before_spawn = lambda: failing(RequestFailed("no program", "execute", errno.ENOENT))
    with pytest.raises(EffectFailed, match=r"^create pane failed: no program$"):
        await here.processes.start(PANE)
    assert PANE not in here.engine.state.panes
    assert here.panes.get(PANE) is None


async def test_a_pane_that_ran_before_stays_and_can_be_started_again() -> None:
    here = PaneWorld(starting(generation=1))
    here.keeper.before_spawn = lambda: failing(RequestFailed("no program", "execute", errno.ENOENT))
    with pytest.raises(EffectFailed):
        await here.processes.start(PANE)
    assert life(here) is Life.DEAD
    here.engine.tell(Decision((PaneRespawned(PANE),)))
    here.keeper.before_spawn = lambda: asyncio.sleep(0)
    await here.processes.start(PANE)
    assert life(here) is Life.RUNNING
    assert here.processes.keys() == [SECOND]
    await here.close()


async def test_a_keeper_that_dies_over_a_start_is_followed_by_the_next(here: PaneWorld) -> None:
    here.keeper.before_spawn = lambda: failing(KeeperGone("killed"))
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(here.processes.start(PANE))
        await here.until(lambda: here.processes.keeper is None)
        assert here.processes.waits_for() == "another keeper"
        here.processes.keeper = following = FakeKeeper(here.told, pid=51)
    assert here.told == [("spawn", FIRST, (80, 24))] * 2
    assert life(here) is Life.RUNNING
    following.end()


async def test_at_the_end_of_the_server_nobody_waits_for_a_keeper(here: PaneWorld) -> None:
    here.processes.keeper = None
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        start = tasks.create_task(_problem_of(here))
        await asyncio.sleep(0)
        here.processes.expect_no_keeper()
        assert "the keeper is gone, and no other one came" in await start


async def test_at_the_end_of_the_server_a_start_under_way_is_taken_back(here: PaneWorld) -> None:
    asked = asyncio.Event()

    async def silent() -> None:
        asked.set()
        await asyncio.Event().wait()

    here.keeper.before_spawn = silent
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        start = tasks.create_task(_problem_of(here))
        await asked.wait()
        here.processes.expect_no_keeper()
        assert "the server ended before the keeper answered" in await start


async def _problem_of(here: PaneWorld) -> str:
    with pytest.raises(EffectFailed) as problem:
        await here.processes.start(PANE)
    return str(problem.value)


async def test_a_start_whose_pane_is_closed_meanwhile_is_taken_back_without_a_word(
    here: PaneWorld,
) -> None:
    asked = asyncio.Event()

    async def silent() -> None:
        asked.set()
        await asyncio.Event().wait()

    here.keeper.before_spawn = silent
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(here.processes.start(PANE))
        await asked.wait()
        before = here.engine.state
        closed = close_panes(
            before, before.windows[before.panes[PANE].window], {PANE}, lambda _session: False
        )
        here.engine.tell(Decision(closed))
    assert not any(isinstance(event, ProcessStarted) for event in here.log.events())


async def test_an_end_is_taken_when_all_output_is_read_and_told_when_it_is_durable(
    here: PaneWorld,
) -> None:
    await here.processes.start(PANE)
    del here.told[:]
    here.keeper.write(FIRST, b"last words")
    here.processes.exited(FIRST, ENDED)
    await here.until(lambda: life(here) is Life.DEAD)
    assert here.screen()[0] == "last words"
    await here.settle()
    assert here.told == [("durable", 2), ("taken", FIRST)]
    ended = here.log.events()[-1]
    assert isinstance(ended, ProcessExited)
    assert ended.code == 0
    assert here.processes.keys() == []


async def test_a_status_that_is_not_durable_stays_with_the_keeper(here: PaneWorld) -> None:
    await here.processes.start(PANE)
    del here.told[:]
    here.durability = lambda: failing(NotDurable("the disk is full"))
    here.processes.exited(FIRST, ENDED)
    await here.until(lambda: life(here) is Life.DEAD)
    await here.settle()
    assert here.told == []


async def test_the_end_of_an_earlier_process_does_not_end_the_pane(here: PaneWorld) -> None:
    await here.processes.start(PANE)
    assert here.processes.release(PANE), "it had one"
    here.engine.tell(Decision((PaneRespawned(PANE),)))
    await here.processes.start(PANE)
    await here.settle()
    assert ("kill", FIRST, signal.SIGHUP) in here.told
    here.processes.exited(FIRST, ENDED)
    await here.settle()
    assert here.told[-1] == ("taken", FIRST)
    assert life(here) is Life.RUNNING
    assert here.processes.keys() == [SECOND]


async def test_a_pane_that_is_closed_has_its_process_hung_up(here: PaneWorld) -> None:
    await here.processes.start(PANE)
    del here.told[:]
    before = here.engine.state
    of = before.windows[before.panes[PANE].window]
    here.engine.tell(Decision(close_panes(before, of, {PANE}, lambda _session: False)))
    await here.settle()
    assert here.told == [("kill", FIRST, signal.SIGHUP), ("forget", FIRST)]
    assert here.processes.held() == []


async def test_what_runs_is_given_to_another_server_with_masters_of_its_own(
    here: PaneWorld,
) -> None:
    await here.processes.start(PANE)
    here.output.stop(here.terminal())
    (held,) = here.processes.let_go()
    assert (held.key, held.pid, held.exit_status) == (FIRST, 1_001, None)
    assert here.terminal().master is None
    adopted = PaneWorld(here.engine.state)
    adopted.processes.adopt(adopted.terminal(), held)
    here.keeper.write(FIRST, b"still here")
    await adopted.until(lambda: adopted.screen() == ["still here"])
    await adopted.close()
