"""What a changed configuration does to the parts of a server, and what users are told of a file with mistakes."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from fuguemux.config.load import in_force
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.admin.configuration import (
    ConfiguredParts,
    RunningConfiguration,
    StartedWith,
)
from fuguemux.server.admin.in_force import ConfigurationInForce
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.requests.live_view import ServerView
from fuguemux.server.storage.checkpointer import Checkpointer
from fuguemux.server.storage.flusher import Flusher
from fuguemux.server.work.waits import Waits
from tests.support.builders import session, state, window
from tests.support.pane_world import PaneWorld
from tests.support.small_server import SmallServer, Truth


class Told:
    """Viewers that only listen."""

    def __init__(self) -> None:
        self.announced: list[str] = []

    def announce(self, text: str, _milliseconds: int = 0) -> None:
        self.announced.append(text)

    def touch_all(self) -> None:
        """Nobody is drawn."""


class Checkpoints:
    def __init__(self) -> None:
        self.taken: list[str] = []

    async def take(self, reason: str) -> None:
        self.taken.append(reason)


class View:
    """The view, as far as the configuration changes it."""

    def __init__(self) -> None:
        self.defaults: Mapping[str, str] = {}

    def configured(self, defaults: Mapping[str, str]) -> None:
        self.defaults = defaults


class Limits:
    viewer_outbox_bytes_max = 0
    reconnect_seconds: int | None = None


class World(PaneWorld):
    """A server with a file of configuration."""

    def __init__(self, directory: Path, text: str = "") -> None:
        super().__init__(state(session("work", window())))
        self.file = directory / "config.toml"
        self.file.write_text(text)
        small = SmallServer(RealStorage(), str(directory / "state"), Truth(), entropy=os.urandom)
        self.flusher = Flusher(small.writer, asyncio.get_running_loop())
        self.viewers, self.checkpoints, self.view = Told(), Checkpoints(), View()
        self.limits = Limits()
        loaded, problems = in_force(str(self.file), {}, required=False)
        self.in_force = ConfigurationInForce(loaded)
        self.running = RunningConfiguration(
            self.in_force,
            StartedWith(loaded, False, {}, problems, None),
            ConfiguredParts(
                self.engine,
                cast("ServerView", self.view),
                self.panes,
                small.writer,
                self.flusher,
                self.store,
                small.series,
                cast("Checkpointer", self.checkpoints),
            ),
            cast("Viewers", self.viewers),
            Waits(),
            self.clock,
            self.spawn,
        )
        self.running.connect(self.limits)

    async def becomes(self, text: str) -> Any:
        self.file.write_text(text)
        done = await self.running.reload_now()
        await self.settle()
        return done

    async def close(self) -> None:
        await super().close()
        await self.flusher.close()


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    yield world
    await world.close()


async def test_a_change_reaches_the_parts_that_keep_a_value_of_their_own(here: World) -> None:
    await here.becomes(
        "[persistence]\nsync = 'os'\nenvironment_deny = ['TOKEN']\n"
        "[server]\noutbox_max_kb = 9000\nhistory_limit = 7\n"
        "[client]\nreconnect_timeout_secs = 11\n"
    )
    assert here.flusher.mode == "os"
    assert (here.limits.viewer_outbox_bytes_max, here.limits.reconnect_seconds) == (9000 << 10, 11)
    assert here.view.defaults["history-limit"] == "7"
    withhold = here.in_force.withhold()
    assert withhold is not None
    assert withhold(b"TOKEN", b"x")
    assert len(here.viewers.announced) == 1


async def test_another_depth_is_brought_to_the_disk_at_once(here: World) -> None:
    await here.becomes("[persistence]\nscrollback_persistence_lines = 10\n")
    assert here.checkpoints.taken == ["configuration"]
    assert here.in_force.checkpoint_settings(5_000).scrollback_persistence_lines == 10


async def test_a_mistake_is_told_for_as_long_as_it_is_there(here: World) -> None:
    await here.becomes("[server]\nhistory_limit = 'many'\n")
    assert here.running.alert() == "configuration has errors"
    assert here.running.warning().startswith("config.toml:2: using the last good values: ")
    assert here.viewers.announced == [
        here.running.warning().replace("using the last good values", "not changed")
    ]
    await here.becomes("")
    assert (here.running.alert(), here.running.warning()) == ("", "")


async def test_a_mistake_that_was_there_at_the_start_is_told_as_well(tmp_path: Path) -> None:
    here = World(tmp_path, "[server]\nhistory_limit = 'many'\n")
    assert here.running.alert() == "configuration has errors"
    assert "history_limit" in here.running.warning()
    await here.close()


async def test_without_persistence_the_status_line_says_so(tmp_path: Path) -> None:
    here = World(tmp_path, "[persistence]\nenabled = false\n")
    assert here.running.alert() == "nothing is saved"
    assert here.in_force.checkpoint_settings(5_000).scrollback_persistence_lines == 0
    await here.close()
