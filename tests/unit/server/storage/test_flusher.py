"""Group commit: a task that waits is woken when its records are durable, and no other task is."""

import asyncio
import errno
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from fuguemux.server.ports import NotDurable
from fuguemux.server.storage.flush_worker import RING_SIZE
from fuguemux.server.storage.flusher import Flusher


@dataclass
class Step:
    """A job that a test can fail or hold up."""

    through: int
    error: OSError | None = None

    def run(self) -> None:
        if self.error is not None:
            raise self.error


@dataclass
class FakeState:
    """The state of a log that only counts."""

    next_lsn: int = 1
    durable_lsn: int = 0
    written_lsn: int = 0
    unsynced_bytes: int = 0
    congested: bool = False
    lost: bool = False
    troubled: bool = False
    reason: str = ""
    proven_lsn: int = 0

    @property
    def unproven(self) -> bool:
        return self.next_lsn - 1 > self.proven_lsn

    def settle(self) -> None: ...


@dataclass
class FakeSegments:
    """Segments with chores that a test gives."""

    chores: list[Step] = field(default_factory=list)
    chores_done: list[OSError | None] = field(default_factory=list)

    def chore(self) -> Step | None:
        return self.chores.pop(0) if self.chores else None

    def chore_done(self, chore: Step, error: OSError | None) -> None:
        self.chores_done.append(error)


@dataclass
class FakeWriter:
    """A log that only counts."""

    state: FakeState = field(default_factory=FakeState)
    segments: FakeSegments = field(default_factory=FakeSegments)
    deferred: bool = False
    error: OSError | None = None
    writes: int = 0
    syncs: int = 0
    gives_up: bool = False
    proofs: int = 0

    def prove(self) -> int | None:
        state = self.state
        if not state.unproven or state.durable_lsn != state.next_lsn - 1:
            return None
        self.proofs += 1
        state.proven_lsn = self.append()
        return state.proven_lsn

    def append(self) -> int:
        self.state.next_lsn += 1
        self.state.unsynced_bytes += 100
        return self.state.next_lsn - 1

    def write(self, *, now: bool = False) -> bool:
        self.writes += self.state.written_lsn < self.state.next_lsn - 1
        self.state.written_lsn = self.state.next_lsn - 1
        return True

    def parts_written(self, job: Step) -> None: ...

    def sync_job(self) -> Step | None:
        self.write()
        if self.state.durable_lsn == self.state.next_lsn - 1:
            return None
        self.syncs += 1
        error, self.error = self.error, None
        return Step(self.state.written_lsn, error)

    def sync_done(self, job: Step, error: OSError | None) -> None:
        if error is None:
            self.state.durable_lsn = job.through
            self.state.unsynced_bytes = 0
        elif self.gives_up:
            self.state.lost, self.state.reason = True, "disk full"


def new(writer: FakeWriter, interval_ms: int = 10) -> Flusher:
    return Flusher(writer, asyncio.get_running_loop(), interval_ms=interval_ms)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - threads set it, without an event
            await asyncio.sleep(0.001)


async def test_a_shorter_interval_counts_for_what_waits_already() -> None:
    writer = FakeWriter()
    flusher = new(writer, interval_ms=10**6)
    lsn = writer.append()
    flusher.write()
    flusher.set_interval(1)
    await until(lambda: writer.state.durable_lsn == lsn)
    await flusher.close()


async def test_committers_of_one_turn_share_one_write_and_one_sync() -> None:
    writer = FakeWriter()
    flusher = new(writer, 10_000)
    await asyncio.gather(*(flusher.wait_durable(writer.append()) for _ in range(50)))
    assert (writer.writes, writer.syncs) == (1, 1)
    assert writer.state.durable_lsn == 50
    await flusher.wait_durable(3)
    assert writer.syncs == 1
    await flusher.close()


async def test_a_cancelled_waiter_does_not_disturb_the_others() -> None:
    writer = FakeWriter()
    flusher = new(writer)
    lsn = writer.append()
    tasks = [asyncio.ensure_future(flusher.wait_durable(lsn)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[0] is None
    assert results[2] is None
    assert isinstance(results[1], asyncio.CancelledError)
    await flusher.close()


async def test_output_is_synced_after_the_interval_without_a_waiter() -> None:
    writer = FakeWriter()
    flusher = new(writer)
    writer.append()
    flusher.write()
    assert writer.syncs == 0
    await until(lambda: writer.state.durable_lsn == 1)
    assert flusher.sync_times().syncs == 1
    assert 0 < flusher.sync_times().p50_ms <= flusher.sync_times().p99_ms
    await flusher.close()


async def test_much_output_is_synced_at_once() -> None:
    writer = FakeWriter()
    flusher = new(writer, 1_000_000)
    writer.append()
    writer.state.unsynced_bytes = 2 << 20
    flusher.write()
    await until(lambda: writer.state.durable_lsn == 1)
    await flusher.close()


async def test_mode_os_does_not_wait() -> None:
    writer = FakeWriter()
    flusher = Flusher(writer, asyncio.get_running_loop(), mode="os")
    await flusher.wait_durable(writer.append())
    assert (writer.writes, writer.syncs) == (1, 0)
    await flusher.close()


async def test_mode_always_syncs_output_at_once() -> None:
    writer = FakeWriter()
    flusher = Flusher(writer, asyncio.get_running_loop(), interval_ms=10**6, mode="always")
    writer.append()
    flusher.write()
    await until(lambda: writer.state.durable_lsn == 1)
    await flusher.close()


async def test_a_failed_sync_that_is_made_good_is_not_told() -> None:
    writer = FakeWriter(error=OSError(errno.EIO, "Input/output error"))
    flusher = new(writer)
    await flusher.wait_durable(writer.append())
    assert writer.syncs == 2
    await flusher.close()


async def test_who_waits_is_told_when_durability_is_lost() -> None:
    writer = FakeWriter(error=OSError(errno.EIO, "Input/output error"), gives_up=True)
    flusher = new(writer)
    with pytest.raises(NotDurable, match="disk full"):
        await flusher.wait_durable(writer.append())
    with pytest.raises(NotDurable):
        await flusher.wait_durable(writer.append() + 1)
    await flusher.close()


async def test_what_goes_elsewhere_is_synced_and_does_not_count() -> None:
    """The state directory was moved: the bytes are on a disk, and no start would find them."""
    writer = FakeWriter()
    flusher = new(writer)
    told: list[str] = []
    flusher.on_place = told.append
    found = writer.append()
    await flusher.wait_durable(found)
    flusher.look = lambda: "moved away"
    late = writer.append()
    with pytest.raises(NotDurable, match="moved away"):
        await flusher.wait_durable(late)
    await flusher.wait_synced(late)
    await flusher.wait_durable(found)
    assert (flusher.durable_lsn, writer.state.durable_lsn) == (found, late)
    with pytest.raises(NotDurable, match="moved away"):
        await flusher.wait_durable(late)
    flusher.look = lambda: (
        ""
    )  # it is back: whoever comes now is told so by the look after his own sync
    await flusher.wait_durable(writer.append())
    await flusher.wait_durable(late)
    assert told == ["moved away", ""]
    await flusher.close()


async def test_chores_run_one_after_another() -> None:
    failed = OSError(errno.ENOSPC, "No space left on device")
    writer = FakeWriter(segments=FakeSegments(chores=[Step(0), Step(0), Step(0, failed)]))
    flusher = new(writer)
    flusher.start_chores()
    await until(lambda: len(writer.segments.chores_done) == 3)
    assert writer.segments.chores_done == [None, None, failed]
    await flusher.close()


async def test_congestion_is_told_once_at_each_change() -> None:
    told: list[bool] = []
    writer = FakeWriter()
    flusher = Flusher(writer, asyncio.get_running_loop(), on_congestion=told.append)
    writer.state.congested = True
    flusher.write()
    flusher.write()
    assert told == [True]
    writer.state.congested = False
    flusher.write()
    assert told == [True, False]
    await flusher.close()


async def test_slow_writes_are_moved_off_the_loop_and_warned_of() -> None:
    ticks = iter(n * 0.021 for n in range(RING_SIZE))
    slow: list[float] = []
    writer = FakeWriter()
    flusher = Flusher(
        writer,
        asyncio.get_running_loop(),
        on_slow_disk=slow.append,
        monotonic=lambda: next(ticks),
    )
    for _ in range(3):
        writer.append()
        flusher.write()
    assert writer.deferred
    assert len(slow) == 1
    await until(lambda: writer.state.durable_lsn == 3)
    await flusher.close()


async def test_an_idle_log_is_proven_once_and_then_left_alone() -> None:
    writer = FakeWriter()
    flusher = Flusher(writer, asyncio.get_running_loop(), interval_ms=1, proof_seconds=0.02)
    await flusher.wait_durable(writer.append())
    assert writer.proofs == 0
    await until(lambda: writer.proofs == 1 and writer.state.durable_lsn == 2)
    assert (flusher._timer, flusher._proof_timer) == (None, None)  # so nothing will ever be written
    await flusher.wait_durable(writer.append())
    await until(lambda: writer.proofs == 2 and writer.state.durable_lsn == 4)
    await flusher.close()


async def test_a_log_that_is_written_is_not_proven_in_between() -> None:
    writer = FakeWriter()
    flusher = Flusher(writer, asyncio.get_running_loop(), interval_ms=1, proof_seconds=3600)
    for _ in range(20):
        await flusher.wait_durable(writer.append())
    assert writer.proofs == 0
    await flusher.close()


async def test_nothing_is_promised_and_nothing_proven_in_mode_os() -> None:
    writer = FakeWriter(FakeState(next_lsn=5, durable_lsn=4))
    flusher = Flusher(writer, asyncio.get_running_loop(), mode="os", proof_seconds=0.0)
    assert flusher._proof_timer is None
    await flusher.close()


async def test_what_was_written_before_the_flusher_is_proven_too() -> None:
    writer = FakeWriter(FakeState(next_lsn=5, durable_lsn=4, written_lsn=4))
    flusher = Flusher(writer, asyncio.get_running_loop(), proof_seconds=0.0)
    await until(lambda: writer.proofs == 1 and writer.state.durable_lsn == 5)
    await flusher.close()


async def test_chores_can_be_waited_for() -> None:
    writer = FakeWriter(segments=FakeSegments(chores=[Step(0), Step(0)]))
    flusher = new(writer)
    await flusher.wait_chores()
    flusher.start_chores()
    await flusher.wait_chores()
    assert len(writer.segments.chores_done) == 2
    await flusher.close()
