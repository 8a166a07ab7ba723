"""When checkpoints are taken, what they wait for, and what happens if the disk refuses one."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.ports import EffectFailed, NotDurable
from fuguemux.server.storage.checkpointer import RETRY_SECONDS_MIN, Checkpointer
from tests.support.fake_clock import FakeClock
from tests.support.small_server import SmallServer, Truth, new_session

SECONDS = 30
INTERVAL_MS = 1


class Disk(RealStorage):
    """Makes no files of checkpoints while it is `full`."""

    full = False

    def create(self, path: str) -> int:
        if self.full and "/checkpoints/" in path:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        return super().create(path)


async def _at_once() -> None:
    """Nothing is to be waited for."""


class World:
    """A checkpointer over a small server with one pane. `told` holds what happened, in order."""

    def __init__(self, directory: str) -> None:
        self.directory = Path(directory)
        self.disk = Disk()
        self.server = SmallServer(self.disk, directory, Truth(), entropy=os.urandom)
        self.server.commit(*new_session(self.server.state))
        self.clock = FakeClock()
        self.told: list[str] = []
        self.lost = ""
        self.wal_bytes_max = 1 << 30
        self.checkpointer = Checkpointer(
            self.server.series,
            self.server,
            self.server.writer,
            self.clock,
            lambda: INTERVAL_MS / 1000,
            lambda: self.wal_bytes_max,
            self,
            tell=lambda failure: self.told.append(f"told {failure!r}"),
            before_publishing=lambda: self.before_publishing(),
        )
        self.before_publishing: Callable[[], Awaitable[None]] = _at_once

    async def wait_synced(self, lsn: int) -> None:
        if self.lost:
            raise NotDurable(self.lost)
        assert self.server.sync() >= lsn
        self.told.append("log synced")

    def start_chores(self) -> None:
        self.told.append("log may go")

    async def wait_chores(self) -> None:
        self.told.append("log is gone")

    def output(self, data: bytes = b"more\n") -> None:
        self.server.output(PaneId(0), data)

    def changed(self) -> bool:
        return self.checkpointer.changed

    def numbers(self) -> list[int]:
        """The checkpoints that there are, newest first."""
        return [manifest.number for manifest in self.server.series.generations]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The triggers are watched meanwhile."""
        async with asyncio.timeout(SECONDS):
            watching = asyncio.get_running_loop().create_task(self.checkpointer.run())
            try:
                yield
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching

    async def until(self, condition: Callable[[], object]) -> None:
        """Time passes until something has happened."""
        while not condition():
            self.clock.advance_ms(INTERVAL_MS)
            await asyncio.sleep(0.001)

    async def a_while(self) -> None:
        """As long as several intervals."""
        for _ in range(10):
            self.clock.advance_ms(INTERVAL_MS)
            await asyncio.sleep(0.001)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    world = World(str(tmp_path / "state"))
    yield world
    world.server.writer.close()


async def test_it_never_knows_more_than_the_log(here: World) -> None:
    async def waited_for() -> None:
        here.told.append("before publishing")
        assert here.numbers() == []

    here.before_publishing = waited_for
    result = await here.checkpointer.take("test")
    assert here.told == ["before publishing", "log synced", "log may go"]
    assert here.numbers() == [result.manifest.number] == [1]
    assert here.checkpointer.last is not None
    assert (here.checkpointer.last.reason, here.checkpointer.last.number) == ("test", 1)


async def test_a_log_that_cannot_be_made_durable_does_not_hold_it_up(here: World) -> None:
    here.lost = "the disk is gone"
    await here.checkpointer.take("test")
    assert here.numbers() == [1]


async def test_it_covers_what_was_logged_before_it_began(here: World) -> None:
    assert here.changed()
    await here.checkpointer.take("test")
    assert not here.changed()
    here.output()
    assert here.changed()


async def test_what_is_logged_while_it_runs_is_left_to_the_next(here: World) -> None:
    async def waited_for() -> None:
        here.output()

    here.before_publishing = waited_for
    await here.checkpointer.take("test")
    assert here.changed()


async def test_a_disk_that_is_full_changes_nothing_and_is_told_once(here: World) -> None:
    await here.checkpointer.take("first")
    del here.told[:]
    here.output()
    here.disk.full = True
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            await here.checkpointer.take("test")
    assert here.numbers() == [1]
    assert here.changed()
    (told,) = here.told
    assert "No space left" in told
    here.disk.full = False
    await here.checkpointer.take("test")
    assert here.told[1:] == ["log synced", "told ''", "log may go"]
    assert here.checkpointer.failure == ""


async def test_names_are_given_once(here: World) -> None:
    await here.checkpointer.take("asked for", name="mine")
    assert [save.name for save in here.server.series.saves] == ["mine"]
    with pytest.raises(EffectFailed, match=r"there is a save called 'mine'"):
        await here.checkpointer.take("asked for", name="mine")


async def test_a_save_that_fails_leaves_its_checkpoint(here: World) -> None:
    (here.directory / "saves").write_text("in the way")
    with pytest.raises(
        EffectFailed, match=r"not saved as 'mine': .*checkpoint 1 itself is written"
    ):
        await here.checkpointer.take("asked for", name="mine")
    assert here.numbers() == [1]


async def test_one_at_a_time(here: World) -> None:
    under_way, first_may_go = asyncio.Event(), asyncio.Event()

    async def waited_for() -> None:
        under_way.set()
        await first_may_go.wait()

    here.before_publishing = waited_for
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
        tasks.create_task(here.checkpointer.take("first"))
        await under_way.wait()
        here.output()
        tasks.create_task(here.checkpointer.take("second"))
        await asyncio.sleep(0)
        assert here.server.series.highest_number == 1
        first_may_go.set()
    assert here.numbers() == [2, 1]


async def test_the_interval_takes_one_only_if_something_changed(here: World) -> None:
    async with here.running():
        await here.until(here.numbers)
        await here.a_while()
        assert here.numbers() == [1]
        here.output()
        await here.until(lambda: len(here.numbers()) == 2)


async def test_a_long_log_does_not_wait_for_the_interval(here: World) -> None:
    here.wal_bytes_max = 1
    async with here.running():
        await here.until(lambda: here.checkpointer.last)
    assert here.checkpointer.last is not None
    assert here.checkpointer.last.reason == "log size"


async def test_one_that_failed_is_tried_again_later_although_nothing_changed(here: World) -> None:
    here.disk.full = True
    async with here.running():
        await here.until(lambda: here.checkpointer.failure)
        tried = here.server.series.highest_number
        await here.a_while()
        assert here.server.series.highest_number == tried, "not before its time"
        here.disk.full = False
        here.clock.advance_ms(int(4_000 * RETRY_SECONDS_MIN))
        await here.until(lambda: here.checkpointer.last)
    assert here.numbers()
    assert here.checkpointer.failure == ""
