"""The end of a server: the order of its steps, and that the first decision to end is the one that counts."""

import asyncio

import pytest

from fuguemux.keeper.protocol import EXIT_DELIBERATE, EXIT_GRACEFUL, EXIT_RESTART
from fuguemux.model.state import ServerState
from fuguemux.server.ending import ServerEnd
from fuguemux.server.requests.start_files import StartFiles
from tests.support.builders import session, state, window
from tests.support.engines import ListLog, engine_of

NONE, SOME = ServerState(), state(session("work", window()))


class World:
    """`told` is what happened, in order."""

    def __init__(self, files: StartFiles | None = None) -> None:
        self.told: list[str] = []
        self.files = files or StartFiles(())
        self.end = ServerEnd(
            asyncio.get_running_loop(),
            engine_of(NONE, ListLog()),
            self.files,
            lambda: self.told.append("noted"),
            lambda: self.told.append("no more keepers"),
            lambda: self.told.append("machine ends"),
        )
        self.end.connect(lambda: self.told.append("nobody is let in"))


@pytest.fixture
async def here() -> World:
    return World()


async def test_who_is_stopped_on_purpose_lets_nobody_in_before_anybody_hears_of_it(
    here: World,
) -> None:
    here.end.stop()
    assert here.told == ["noted", "nobody is let in", "no more keepers"]
    assert here.end.stopping
    assert here.end.is_deliberate
    assert await here.end.wait() == EXIT_DELIBERATE


async def test_a_graceful_end_is_none_for_good(here: World) -> None:
    here.end.stop_gracefully()
    assert here.told == ["machine ends", "no more keepers"]
    assert not here.end.is_deliberate
    assert await here.end.wait() == EXIT_GRACEFUL


async def test_the_first_end_holds(here: World) -> None:
    here.end.give_way()
    here.end.stop_gracefully()
    assert await here.end.wait() == EXIT_RESTART
    assert here.told == ["no more keepers", "machine ends"]


async def test_a_server_without_sessions_ends_a_moment_later(here: World) -> None:
    here.end.published(NONE, SOME)
    here.end.published(SOME, NONE)
    assert not here.end.stopping
    await asyncio.sleep(0)
    assert here.end.is_deliberate


async def test_files_of_the_start_keep_it_until_their_client_was_served() -> None:
    here = World(StartFiles(("start.conf",)))
    here.files.expect(sessions=False)
    here.end.published(SOME, NONE)
    await asyncio.sleep(0)
    assert not here.end.stopping
