"""The option `persist` and purging: what is removed from disk at once, and what users are told about the rest."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from fuguemux.model.decision import Decision
from fuguemux.model.events import OptionSet
from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.admin.privacy import Privacy, SavedContent
from fuguemux.server.panes.last_screens import LastScreens
from fuguemux.server.ports import EffectFailed
from fuguemux.server.storage.checkpointer import Checkpointer
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.pane_world import PaneWorld
from tests.support.small_server import SmallServer, Truth

P = PaneId(0)


class Checkpoints:
    """Only notes why each was asked for, and that nothing that was erased is on the disk any more."""

    def __init__(self, store: ScrollbackStore) -> None:
        self._store = store
        self.taken: list[str] = []
        self.failure: OSError | None = None

    async def take(self, reason: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.taken.append(reason)
        self._store.erase_wanted = False


class Built:
    """Every screen is built."""

    async def wait(self) -> None:
        """At once."""


class World(PaneWorld):
    def __init__(self, directory: str, *, is_safe_mode: bool = False) -> None:
        super().__init__(state(session("work", window())))
        self.checkpoints = Checkpoints(self.store)
        small = SmallServer(RealStorage(), directory, Truth(), entropy=os.urandom)
        self.series = small.series
        saved = SavedContent(
            RealStorage(),
            directory,
            "/srv/state",
            is_kept=True,
            is_safe_mode=is_safe_mode,
            store=self.store,
            series=self.series,
            checkpointer=cast("Checkpointer", self.checkpoints),
            last_screens=LastScreens(
                None, "", self.spawn, lambda: 0, self.clock.wall_ms, self.panes.get, lambda _: None
            ),
            rebuilding=cast("Any", Built()),
        )
        self.privacy = Privacy(self.panes, FakeLive(), saved, self.output, self.spawn)

    def persist(self, value: str) -> None:
        """Somebody sets the option."""
        event, before = OptionSet("pane", P, "persist", value), self.engine.state
        self.engine.tell(Decision((event,)))
        self.privacy.published(before, self.engine.state, (event,))

    async def purge(self) -> str:
        return (await self.privacy.purge([P], everything=False)).decode()


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    world = World(str(tmp_path / "state"))
    yield world
    await world.close()


async def test_what_is_not_to_be_kept_is_taken_off_the_disk_at_once(here: World) -> None:
    assert here.privacy.persists(P)
    here.persist("off")
    assert not here.privacy.persists(P)
    await here.settle()
    here.persist("on")
    assert here.privacy.persists(P)
    await here.settle()
    assert here.checkpoints.taken == ["persist off", "persist on"]


async def test_what_does_not_change_costs_no_checkpoint(here: World) -> None:
    here.persist("on")
    await here.settle()
    assert here.checkpoints.taken == []


async def test_a_purge_empties_the_screen_and_takes_a_checkpoint(here: World) -> None:
    here.terminal().emulator.feed(b"secret")
    assert await here.purge() == "purged 1 pane: screens and history are gone, on disk too\n"
    assert here.screen() == []
    assert here.checkpoints.taken == ["purge"]


async def test_a_purge_says_where_content_may_still_be(tmp_path: Path) -> None:
    here = World(str(tmp_path / "state"), is_safe_mode=True)
    (tmp_path / "state" / "quarantine" / "pack-1").write_bytes(b"")
    _, quarantine, safe_mode = (await here.purge()).splitlines()
    assert quarantine.startswith(f"{tmp_path}/state/quarantine/pack-1 may contain some")
    assert safe_mode == "/srv/state is not changed in safe mode: run purge there"
    await here.close()


async def test_a_purge_that_the_disk_refuses_is_no_purge(here: World) -> None:
    here.checkpoints.failure = OSError(28, "No space left on device")
    with pytest.raises(EffectFailed, match="the content is still on the disk"):
        await here.purge()
