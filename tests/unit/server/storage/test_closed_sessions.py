"""Closed sessions are saved with what their panes showed, and removed when they are too old."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from fuguemux.model.ids import SessionId
from fuguemux.model.state import ServerState
from fuguemux.observe.clock import MS_PER_DAY
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.storage.closed_sessions import ClosedSessions, SavedCheckpoints, delete_save
from fuguemux.server.work.age_clock import AgeClock
from tests.support.builders import session, state, window
from tests.support.pane_world import PaneWorld
from tests.support.small_server import SmallServer, Truth

WORK, PLAY = SessionId(0), SessionId(1)


class World(PaneWorld):
    """Two sessions, and a state directory for what is saved."""

    def __init__(self, directory: str, days: int) -> None:
        super().__init__(state(session("work", window()), session("play", window())))
        self.days = days
        small = SmallServer(RealStorage(), directory, Truth(), entropy=os.urandom)
        self.saves = SavedCheckpoints(small.series, directory, asyncio.Lock())
        self.closed = ClosedSessions(
            self.panes,
            self.saves,
            self.clock,
            AgeClock(RealStorage(), directory, self.clock, 0),
            frozenset(),
            self.spawn,
            lambda: self.days,
            lambda: None,
        )

    def without(self, gone: SessionId) -> ServerState:
        now = self.engine.state
        windows = {link.window for link in now.sessions[gone].links}
        return msgspec.structs.replace(
            now,
            sessions={number: each for number, each in now.sessions.items() if number != gone},
            windows={number: each for number, each in now.windows.items() if number not in windows},
            panes={
                number: each for number, each in now.panes.items() if each.window not in windows
            },
        )

    async def close_session(self, gone: SessionId) -> None:
        self.closed.published(self.engine.state, self.without(gone), 7)
        await self.settle()

    def names(self) -> list[str]:
        return [save.name for save in self.saves.series.saves]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    world = World(str(tmp_path / "state"), days=7)
    yield world
    await world.close()


async def test_a_closed_session_is_saved_alone(here: World) -> None:
    here.terminal(1).emulator.feed(b"what it showed")
    await here.close_session(PLAY)
    (save,) = here.saves.series.saves
    assert save.name.startswith("closed-play-")
    assert (save.sessions, save.structure_lsn) == (("play",), 7)
    assert len(save.panes) == 1
    assert save.brief, "nobody worked in it"


async def test_saves_that_became_too_old_are_removed(here: World) -> None:
    await here.close_session(PLAY)
    here.clock.advance_ms(7 * MS_PER_DAY - 1)
    await here.closed.finish()
    assert len(here.names()) == 1
    here.clock.advance_ms(1)
    await here.closed.finish()
    assert here.names() == []


async def test_none_is_saved_when_none_is_wanted(here: World) -> None:
    here.days = 0
    await here.close_session(PLAY)
    assert here.names() == []


async def test_what_may_not_reach_the_disk_is_not_in_the_save(here: World) -> None:
    here.terminal(1).persist = False
    await here.close_session(PLAY)
    (save,) = here.saves.series.saves
    assert len(save.panes) == 0


async def test_a_save_is_deleted_by_its_name(here: World) -> None:
    await here.close_session(PLAY)
    (name,) = here.names()
    assert await delete_save(here.saves, name)
    assert here.names() == []
    assert not await delete_save(here.saves, name)
