"""When all stored scrollback is read again. tests/integration/test_scrollback_rot.py tests what that finds."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback import scrollback_check
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import pack_name
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.storage import scrubber
from fuguemux.server.storage.scrubber import Scrubber
from tests.support.fake_clock import FakeClock
from tests.support.small_server import SmallServer, Truth, new_session

DAY_MS = 86_400_000


def unheard(_text: str) -> None:
    pass


async def nothing() -> None:
    pass


class Counted(Scrubber):
    """Counts how often everything is read."""

    times = 0

    async def verify(self) -> None:
        await super().verify()
        self.times += 1


def counted(clock: FakeClock, days: int) -> Counted:
    storage = RealStorage()
    store = ScrollbackStore(PackReader(storage, "nowhere"))
    return Counted(
        store, RecoveryReport(0), clock, storage, "nowhere", lambda: days, unheard, nothing, nothing
    )


async def after(found: Counted, clock: FakeClock, milliseconds: int) -> int:
    """How often it has read everything, that much later."""
    clock.advance_ms(milliseconds)
    for _ in range(20):
        await asyncio.sleep(0)
    return found.times


def test_everything_is_read_at_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubber, "LOOK_SECONDS", 0)

    async def days_pass() -> None:
        clock = FakeClock()
        found = counted(clock, 30)
        running = asyncio.create_task(found.run())
        assert await after(found, clock, 30 * DAY_MS - 1) == 0
        assert await after(found, clock, 1) == 1
        assert await after(found, clock, 29 * DAY_MS) == 1
        clock.set_wall_ms(0)
        assert await after(found, clock, DAY_MS) == 2
        running.cancel()

    asyncio.run(days_pass())


def test_never_again_if_people_want_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubber, "LOOK_SECONDS", 0)

    async def days_pass() -> None:
        clock = FakeClock()
        found = counted(clock, 0)
        running = asyncio.create_task(found.run())
        assert await after(found, clock, 1000 * DAY_MS) == 0
        running.cancel()

    asyncio.run(days_pass())


class Rotten:
    """A server's store with two blocks of scrollback that rotted on the disk, and its scrubber."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.server = SmallServer(RealStorage(), str(state), Truth(), entropy=os.urandom)
        self.server.commit(*new_session(self.server.state))
        lines = b"".join(b"%d %x\n" % (n, hash(str(n)) & 0xFFFFFFFFFFFF) for n in range(6000))
        self.server.output(PaneId(0), lines)
        self.server.checkpoint()
        self.pane = self.server.store.pane(PaneId(0))
        self.pane.cool(idle=True)
        self.server.store._cache.clear()
        self.report = RecoveryReport(0)
        self.report.scrollback_unread_bytes = 1
        self.said: list[str] = []
        self.scrubber = Scrubber(
            self.server.store,
            self.report,
            FakeClock(),
            RealStorage(),
            f"{state}/quarantine",
            lambda: 30,
            self.said.append,
            nothing,
            nothing,
        )

    def rot(self, number: int) -> int:
        """Change a byte of a block; how many lines it has."""
        block = self.pane.blocks()[number]
        assert block.place is not None
        path = self.state / "checkpoints" / pack_name(block.place.digest)
        data = bytearray(path.read_bytes())
        data[block.place.offset + 40] ^= 1
        path.write_bytes(data)
        return block.count


async def test_what_rotted_is_a_tombstone_told_once_and_its_bytes_are_set_aside(
    tmp_path: Path,
) -> None:
    here = Rotten(tmp_path / "state")
    count = here.rot(1)
    await here.scrubber.verify()
    assert [each.count for each in here.pane.lost()] == [count]
    assert here.report.scrollback_unread_bytes == 0
    [lost] = here.report.scrollback_lost
    assert (here.state / lost.set_aside).stat().st_size == lost.size_bytes
    await here.scrubber.verify()
    await here.scrubber.tell_losses()
    [said] = here.said
    assert said.startswith(f"{count} lines of the scrollback of %0 cannot be read")
    here.rot(2)
    await here.scrubber.verify()
    assert len(here.said) == 2
    assert len(list((here.state / "quarantine").glob("block-*"))) == 2


async def test_what_may_not_be_read_now_is_not_called_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Rotten(tmp_path / "state")
    here.server.store.reader.close()

    def refused(_storage: RealStorage, path: str, *, writable: bool = False) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), path)

    with monkeypatch.context() as patch:
        patch.setattr(RealStorage, "open", refused)
        await here.scrubber.verify()
    total = sum(each.size_bytes for each in scrollback_check.on_disk(here.server.store))
    assert here.report.scrollback_unread_bytes == total
    assert here.report.scrollback_read_ms == 0
    assert here.pane.lost() == []
    await here.scrubber.verify()
    assert here.report.scrollback_unread_bytes == 0


async def test_it_asks_the_disk_and_not_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Rotten(tmp_path / "state")
    asked: list[int] = []
    monkeypatch.setattr(RealStorage, "forget_cached", lambda _self, file: asked.append(file))
    await here.scrubber.verify()
    assert asked
