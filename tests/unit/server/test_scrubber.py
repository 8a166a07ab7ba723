"""When all stored scrollback is read again. What reading it finds: tests/integration/test_scrollback_rot.py."""

import asyncio

import pytest

from fuguemux.persistence.files import RealStorage
from fuguemux.persistence.pack_reader import PackReader
from fuguemux.persistence.report import RecoveryReport
from fuguemux.persistence.scrollback import ScrollbackStore
from fuguemux.server import scrubber
from fuguemux.server.scrubber import Scrubber
from tests.support.fake_clock import FakeClock

DAY_MS = 86_400_000


class Counted(Scrubber):
    """Counts how often everything is read."""

    times = 0

    async def verify(self) -> None:
        await super().verify()
        self.times += 1


def counted(clock: FakeClock, days: int) -> Counted:
    storage = RealStorage()
    store = ScrollbackStore(PackReader(storage, "nowhere"))
    return Counted(store, RecoveryReport(0), clock, storage, "nowhere", lambda: days)


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
