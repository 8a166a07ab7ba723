"""The writer: what is promised at each step, on disks that behave and disks that do not."""

import errno
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from fuguemux.persistence.storage.files import Bytes, RealStorage
from fuguemux.persistence.wal.durability import RETRY_MS_MAX, Durability, WriterOptions
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.frame import COMPRESSED, RecordType, decode_output
from fuguemux.persistence.wal.jobs import OpenSegment, SpareJob
from fuguemux.persistence.wal.segment import discard, segment_name
from fuguemux.persistence.wal.space import Space
from fuguemux.persistence.wal.writer import LogWriter
from tests.simulation.disk import SimDisk
from tests.support.fake_clock import FakeClock
from tests.unit.persistence.wal.logs import (
    DIRECTORY,
    SMALL,
    Told,
    do_chores,
    fill,
    new_disk,
    read,
    start,
    sync,
)


class BrokenDisk(SimDisk):
    """Refuses what a test says it refuses."""

    sync_error = 0
    write_error = 0
    create_error = 0

    def fdatasync(self, file: int) -> None:
        if self.sync_error:
            raise OSError(self.sync_error, "Input/output error")
        super().fdatasync(file)

    fsync = fdatasync

    def pwrite(self, file: int, data: Bytes, offset: int) -> int:
        if self.write_error:
            raise OSError(self.write_error, "refused")
        return super().pwrite(file, data, offset)

    def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
        return self.pwrite(file, b"".join(parts), offset)

    def create(self, path: str) -> int:
        if self.create_error:
            raise OSError(self.create_error, "No space left on device")
        return super().create(path)


def broken_disk() -> BrokenDisk:
    disk = BrokenDisk(Random(1))
    disk.directories.add(DIRECTORY)
    return disk


def payloads(disk: SimDisk) -> dict[int, bytes]:
    return {record.lsn: record.payload for record in read(disk)[0]}


def state_of(writer: LogWriter) -> str:
    return writer.state.durability.value


def test_lsns_are_dense_and_start_at_one() -> None:
    writer = start(new_disk())
    assert [writer.append(RecordType.STRUCTURE, b"x") for _ in range(3)] == [1, 2, 3]
    assert (writer.state.next_lsn, writer.state.written_lsn, writer.state.durable_lsn) == (4, 0, 0)
    assert writer.write()
    assert (writer.state.written_lsn, writer.state.durable_lsn) == (3, 0)
    sync(writer)
    assert writer.state.durable_lsn == 3


def test_one_write_per_turn() -> None:
    disk = new_disk()
    writer = start(disk)
    before = disk.writes
    for number in range(20):
        writer.append(RecordType.STRUCTURE, bytes(number))
    writer.append_output(1, 0, memoryview(b"abc"))
    writer.write()
    assert disk.writes == before + 1


def test_nothing_appended_nothing_written() -> None:
    disk = new_disk()
    writer = start(disk)
    before = disk.writes
    assert writer.write()
    assert writer.sync_job() is None
    assert writer.segments.chore() is None
    fill(writer, 2)
    before = disk.writes
    assert writer.write()
    assert writer.sync_job() is None
    assert disk.writes == before


def test_output_is_copied_and_compressed_from_4_kib_on() -> None:
    disk = new_disk()
    writer = start(disk)
    slot = bytearray(b"ls -l\r\n" * 1000)
    writer.append_output(5, 70, memoryview(slot))
    writer.append_output(5, 7070, memoryview(b"small"))
    slot[:] = bytes(len(slot))
    writer.write()
    large, small = read(disk)[0]
    assert large.flags & COMPRESSED
    assert len(large.payload) < 200
    assert decode_output(large.flags, large.payload) == (5, 70, b"ls -l\r\n" * 1000)
    assert not small.flags & COMPRESSED
    assert decode_output(small.flags, small.payload) == (5, 7070, b"small")


def test_a_durable_block_is_never_written_again() -> None:
    disk = new_disk()
    touched: list[tuple[int, int]] = []
    original = disk._store

    def store(inode: object, data: Bytes, offset: int) -> None:
        touched.append((offset, offset + len(data)))
        original(inode, data, offset)  # type: ignore[arg-type] # the disk's own inode

    disk._store = store  # type: ignore[method-assign] # a probe
    writer = start(disk, options=WriterOptions(first_segment_bytes=64 << 10))
    touched.clear()
    durable_end = 0
    for _ in range(3):
        writer.append(RecordType.STRUCTURE, b"x" * 100)
        writer.write()
        assert touched[-1][0] // 4096 > (durable_end - 1) // 4096 or not durable_end
        sync(writer)
        durable_end = touched[-1][1]


def test_rotation_keeps_every_record_and_uses_the_spare() -> None:
    disk = new_disk()
    writer = start(disk)
    given = {}
    for number in range(60):
        payload = bytes([number + 1]) * 900
        given[writer.append(RecordType.STRUCTURE, payload)] = payload
        sync(writer)
        do_chores(writer)
    assert writer.segments.count > 3
    assert payloads(disk) == given
    assert writer.segments.space.hasty_segments == 1  # only the first


def test_a_record_larger_than_a_segment_gets_its_own() -> None:
    disk = new_disk()
    writer = start(disk)
    writer.append(RecordType.STRUCTURE, b"small")
    writer.append(RecordType.STRUCTURE, b"L" * 100_000)
    writer.append(RecordType.STRUCTURE, b"small again")
    sync(writer)
    assert [len(payload) for payload in payloads(disk).values()] == [5, 100_000, 11]
    with pytest.raises(ValueError, match="above"):
        writer.append(RecordType.STRUCTURE, bytes((64 << 20) + 1))


def test_truncation_removes_whole_dead_segments_only() -> None:
    disk = new_disk()
    writer = start(disk)
    given = fill(writer, 60, 900)
    names = len([path for path in disk.names if path.endswith(".wal")])
    assert writer.segments.truncate_before(30) > 0
    do_chores(writer)
    assert len([path for path in disk.names if path.endswith(".wal")]) < names
    records, log = read(disk, from_lsn=30)
    assert {record.lsn: record.payload for record in records} == {
        lsn: payload for lsn, payload in given.items() if lsn >= 30
    }
    assert not log.report.damaged


def test_bytes_since_counts_what_a_checkpoint_would_save() -> None:
    writer = start(new_disk())
    assert writer.segments.bytes_since(1) <= 16 << 10
    fill(writer, 40, 900)
    assert 36_000 < writer.segments.bytes_since(1) < 300_000
    assert writer.segments.bytes_since(writer.state.next_lsn) <= writer.segments.bytes_since(1)


def test_a_start_never_appends_to_a_recovered_segment() -> None:
    disk = new_disk()
    first = start(disk)
    given = fill(first, 3)
    first.append(RecordType.STRUCTURE, b"only in the kernel")
    first.write()
    given[4] = b"only in the kernel"
    old = {path: bytes(disk.content(path)) for path in disk.names if path.endswith(".wal")}
    second = start(disk, entropy=Random(8).randbytes)
    assert second.state.next_lsn == 5
    assert second.state.durable_lsn == 4  # it was written anew and synced before anything else
    disk.power_loss()
    assert payloads(disk) == given
    assert all(bytes(disk.content(path)) == content for path, content in old.items())


def test_a_clean_end_is_known_and_gives_way() -> None:
    disk = new_disk()
    writer = start(disk)
    given = fill(writer, 3)
    assert writer.close()
    records, log = read(disk)
    assert log.report.clean
    assert log.report.last_lsn == 3
    assert len(records) == 3
    second = start(disk, entropy=Random(8).randbytes)
    given[second.append(RecordType.STRUCTURE, b"next")] = b"next"
    sync(second)
    assert not read(disk)[1].report.clean
    assert payloads(disk) == given


def test_a_failed_sync_moves_what_is_not_durable_into_a_fresh_segment() -> None:
    disk = broken_disk()
    told = Told()
    writer = start(disk, told=told)
    given = fill(writer, 3)
    given[writer.append(RecordType.STRUCTURE, b"in flight")] = b"in flight"
    disk.sync_error = errno.EIO
    sync(writer)
    assert writer.state.durability is Durability.DEGRADED
    assert writer.state.durable_lsn == 3
    disk.sync_error = 0
    given[writer.append(RecordType.STRUCTURE, b"meanwhile")] = b"meanwhile"
    sync(writer)  # the records
    sync(writer)  # the header
    assert (writer.state.durability, writer.state.durable_lsn) == (Durability.OK, 5)
    assert [state for state, _reason in told.states] == [Durability.DEGRADED, Durability.OK]
    disk.power_loss()
    assert payloads(disk) == given


def test_durability_is_lost_then_comes_back_by_itself() -> None:
    disk = broken_disk()
    told, clock = Told(), FakeClock()
    writer = start(disk, told=told, clock=clock)
    given = fill(writer, 3)
    disk.sync_error = errno.EIO
    given[writer.append(RecordType.STRUCTURE, b"kept")] = b"kept"
    sync(writer)
    sync(writer)
    assert state_of(writer) == "lost"
    assert writer.append_output(1, 0, memoryview(b"not logged")) is None
    assert writer.sync_job() is None  # not before its time
    clock.advance_ms(60_000)
    disk.sync_error = 0
    sync(writer)
    sync(writer)
    assert (writer.state.durability, writer.state.durable_lsn) == (Durability.OK, 4)
    states = [state for state, _reason in told.states]
    assert states == [Durability.DEGRADED, Durability.LOST, Durability.OK]
    disk.power_loss()
    assert payloads(disk) == given
    assert writer.append_output(1, 10, memoryview(b"logged")) == 5


HOUR_MS = 3_600_000
CENTURY_MS = 100 * 365 * 24 * HOUR_MS


@pytest.mark.parametrize("jump_ms", [-HOUR_MS, HOUR_MS, -CENTURY_MS, CENTURY_MS])
def test_a_lost_log_is_tried_again_whatever_the_wall_clock_says(jump_ms: int) -> None:
    disk, clock = broken_disk(), FakeClock()
    writer = start(disk, clock=clock)
    disk.sync_error = errno.EIO
    lsn = writer.append(RecordType.STRUCTURE, b"kept")
    sync(writer)
    sync(writer)
    assert state_of(writer) == "lost"
    clock.set_wall_ms(max(clock.wall_ms() + jump_ms, 0))
    assert writer.sync_job() is None  # no time has passed
    disk.sync_error = 0
    clock.advance_ms(RETRY_MS_MAX)
    sync(writer)
    sync(writer)
    assert (state_of(writer), writer.state.durable_lsn) == ("ok", lsn)


@pytest.mark.parametrize("jump_ms", [-HOUR_MS, HOUR_MS, -CENTURY_MS, CENTURY_MS])
def test_space_is_looked_for_again_whatever_the_wall_clock_says(jump_ms: int) -> None:
    disk, writer, _told, clock = full_disk_writer()
    disk.create_error = errno.ENOSPC
    fill(writer, 4, 500)
    do_chores(writer)
    assert writer.state.output_stopped
    clock.set_wall_ms(max(clock.wall_ms() + jump_ms, 0))
    assert writer.segments.chore() is None  # no time has passed
    disk.create_error = 0
    clock.advance_ms(RETRY_MS_MAX)
    do_chores(writer)
    assert state_of(writer) == "ok"
    assert not writer.state.output_stopped


def test_a_refused_write_is_made_good() -> None:
    disk = broken_disk()
    writer = start(disk)
    given = fill(writer, 3)
    disk.write_error = errno.EIO
    given[writer.append(RecordType.STRUCTURE, b"refused")] = b"refused"
    assert not writer.write()
    assert writer.state.written_lsn == 3
    disk.write_error = 0
    sync(writer)
    sync(writer)
    assert writer.state.written_lsn == writer.state.durable_lsn == 4
    disk.power_loss()
    assert payloads(disk) == given


def full_disk_writer() -> tuple[BrokenDisk, LogWriter, Told, FakeClock]:
    disk = broken_disk()
    told, clock = Told(), FakeClock()
    writer = start(disk, told=told, clock=clock)
    fill(writer, 8, 500)
    do_chores(writer)  # spare and ballast
    assert disk.exists(f"{DIRECTORY}/ballast")
    return disk, writer, told, clock


def test_a_full_disk_stops_output_but_not_structure_and_ends_by_itself() -> None:
    disk, writer, told, clock = full_disk_writer()
    disk.create_error = errno.ENOSPC
    fill(writer, 4, 500)  # takes the spare; the next cannot be made
    do_chores(writer)
    assert writer.state.output_stopped
    assert state_of(writer) == "degraded"
    assert "No space" in writer.state.reason
    assert writer.append_output(1, 0, memoryview(b"flood")) is None
    lsn = writer.append(RecordType.STRUCTURE, b"still durable")
    sync(writer)
    assert writer.state.durable_lsn == lsn
    disk.create_error = 0
    clock.advance_ms(60_000)
    do_chores(writer)
    assert state_of(writer) == "ok"
    assert writer.append_output(1, 5, memoryview(b"logged again")) == lsn + 1
    assert [state for state, _reason in told.states] == [Durability.DEGRADED, Durability.OK]


def test_the_ballast_is_given_up_for_the_last_segment() -> None:
    disk, writer, _told, _clock = full_disk_writer()
    disk.space = disk._used()
    given = payloads(disk)
    # The spare, then a last small segment in the ballast's place is all there is.
    while writer.state.durability is not Durability.LOST and writer.state.next_lsn < 200:
        payload = bytes([writer.state.next_lsn % 250 + 1]) * 700
        lsn = writer.append(RecordType.STRUCTURE, payload)
        sync(writer)
        if writer.state.durable_lsn >= lsn:
            given[lsn] = payload
        do_chores(writer)
    assert not disk.exists(f"{DIRECTORY}/ballast")
    assert state_of(writer) == "lost"
    disk.power_loss()
    found = payloads(disk)
    assert {lsn: found[lsn] for lsn in given} == given


def test_a_start_on_a_full_disk_keeps_trying() -> None:
    disk = broken_disk()
    disk.create_error = errno.ENOSPC
    clock, told = FakeClock(), Told()
    writer = start(disk, clock=clock, told=told)
    assert state_of(writer) == "lost"
    lsn = writer.append(RecordType.STRUCTURE, b"kept in memory")
    assert not writer.write()
    disk.create_error = 0
    clock.advance_ms(60_000)
    do_chores(writer)
    sync(writer)
    sync(writer)
    assert (state_of(writer), writer.state.durable_lsn) == ("ok", lsn)
    assert payloads(disk) == {1: b"kept in memory"}


def test_too_much_unsynced_is_congestion() -> None:
    writer = start(new_disk())
    for number in range(9):
        writer.append_output(1, number << 20, memoryview(Random(number).randbytes(1 << 20)))
    assert writer.state.unsynced_bytes > 8 << 20
    assert writer.state.congested
    sync(writer)
    assert writer.state.unsynced_bytes == 0
    assert not start(new_disk()).state.congested


def test_deferred_writes_are_done_by_the_job() -> None:
    disk = new_disk()
    writer = start(disk)
    writer.deferred = True
    writer.append(RecordType.STRUCTURE, b"later")
    before = disk.writes
    assert not writer.write()
    assert disk.writes == before
    sync(writer)
    assert writer.state.written_lsn == writer.state.durable_lsn == 1
    assert payloads(disk) == {1: b"later"}


def test_nothing_follows_a_replacement_that_is_not_durable_yet() -> None:
    """A segment behind it could outlive it, and void the records of the life before."""
    disk = new_disk()
    first = start(disk)
    given = {first.append(RecordType.STRUCTURE, b"acknowledged"): b"acknowledged"}
    sync(first)
    log = read(disk)[1]
    second = LogWriter(
        disk,
        DIRECTORY,
        log,
        options=replace(SMALL, unsynced_bytes_max=8 << 10),
        clock_ms=FakeClock().wall_ms,
        monotonic_ms=lambda: 0,
        entropy=Random(8).randbytes,
        on_durability=Told(),
    )
    second.state.failed = True
    sync(second)  # the records are in the replacement; its header is only in the kernel
    assert second.state.durable_lsn == 0
    for number in range(40):
        payload = bytes([number + 1]) * 900
        given[second.append(RecordType.STRUCTURE, payload)] = payload
        second.write()
    assert second.segments.count == 2
    for _ in range(4):
        sync(second)
    assert second.state.durable_lsn == max(given)
    disk.power_loss()
    assert payloads(disk) == given


class FullStorage(RealStorage):
    """A real directory whose file system takes no new file."""

    full = True

    def create(self, path: str) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        return super().create(path)


def test_a_full_disk_says_once_what_is_free_and_what_is_needed(tmp_path: Path) -> None:
    storage, clock = FullStorage(), FakeClock()
    space = Space(
        storage,
        str(tmp_path),
        segment_bytes=16 << 20,
        hasty_segment_bytes=1 << 20,
        ballast_bytes=0,
        found=ScanReport(),
        monotonic_ms=clock.wall_ms,
    )
    problems = set()
    for _ in range(2):
        chore = space.chore(spare_wanted=True)
        assert isinstance(chore, SpareJob)
        with pytest.raises(OSError, match="No space left") as refused:
            chore.run()
        space.chore_done(chore, refused.value)
        problems.add(space.problem)
        (tmp_path / "less room").write_bytes(bytes(8 << 20))
        clock.advance_ms(60_000)
    (problem,) = problems
    assert re.fullmatch(r"No space left on device \([0-9.]+ MiB free, 16\.0 MiB needed\)", problem)
    storage.full = False
    chore = space.chore(spare_wanted=True)
    assert isinstance(chore, SpareJob)
    chore.run()
    space.chore_done(chore, None)
    assert (space.problem, space.room) == ("", "")
    space.close()


def test_a_spare_is_behind_every_one_that_was_taken_before(tmp_path: Path) -> None:
    """A replacement may take one, be given up, and leave its name free while the next ones are being made."""
    space = Space(
        RealStorage(),
        str(tmp_path),
        segment_bytes=64 << 10,
        hasty_segment_bytes=64 << 10,
        ballast_bytes=0,
        found=ScanReport(),
        monotonic_ms=FakeClock().wall_ms,
    )
    taken: list[OpenSegment] = []

    def make() -> None:
        chore = space.chore(spare_wanted=True)
        assert isinstance(chore, SpareJob)
        chore.run()
        space.chore_done(chore, None)

    def take() -> None:
        spare = space.take_spare(1)
        assert spare is not None
        taken.append(spare)

    make()
    take()
    make()
    discard(RealStorage(), f"{tmp_path}/{segment_name(taken[0].segment_id)}", taken[0].file)
    take()
    make()
    space.used(taken[1].segment_id)
    take()
    numbers = [segment.segment_id for segment in taken]
    assert numbers == sorted(set(numbers))
    for segment in taken[1:]:
        RealStorage().close(segment.file)
