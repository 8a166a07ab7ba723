"""The state of the log: what is written, durable and lost, and what is reported."""

import errno
from random import Random

import pytest

from fuguemux.persistence.storage.files import FileRemoved
from fuguemux.persistence.wal.durability import (
    RETRY_MS_MAX,
    RETRY_MS_MIN,
    Durability,
)
from fuguemux.persistence.wal.record import RecordType, record_bytes
from tests.support.fake_clock import FakeClock
from tests.unit.persistence.wal.logs import (
    JUMPS_MS,
    Told,
    broken_disk,
    do_chores,
    fill,
    full_disk_writer,
    new_disk,
    payloads,
    start,
    state_of,
    sync,
)


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


@pytest.mark.parametrize("jump_ms", JUMPS_MS)
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


def test_what_is_durable_is_not_kept_in_memory() -> None:
    writer = start(new_disk())
    state = writer.state
    for payload in (b"a" * 8, b"b" * 16, b"c" * 24):
        writer.append(RecordType.STRUCTURE, payload)
    state.durable_through(2)
    assert [record.payload for record in state.kept] == [b"c" * 24]
    assert state.unsynced_bytes == record_bytes(24)
    state.durable_through(1)  # an older job is told late
    assert state.durable_lsn == 2


def test_the_kernel_never_has_less_than_before() -> None:
    state = start(new_disk()).state
    state.written_through(5)
    state.written_through(3)
    assert state.written_lsn == 5


def test_the_first_failure_is_tried_again_at_once_and_the_second_later() -> None:
    clock = FakeClock()
    state = start(new_disk(), clock=clock).state
    refused = OSError(errno.EIO, "Input/output error")
    state.fail(refused)
    assert (state.durability, state.retry_due) == (Durability.DEGRADED, True)
    state.fail(refused)
    assert (state.durability, state.retry_due) == (Durability.LOST, False)
    assert (state.lost, state.output_stopped, state.reason) == (True, True, "Input/output error")
    clock.advance_ms(RETRY_MS_MIN)
    assert state.retry_due


def test_durability_waits_for_the_replacement_to_be_durable() -> None:
    writer = start(new_disk())
    state = writer.state
    lsn = writer.append(RecordType.STRUCTURE, b"x")
    state.fail(OSError(errno.EIO, "Input/output error"))
    state.rehomed()
    assert (state.written_lsn, state.failed, state.replacing) == (lsn, False, True)
    state.settle()
    assert state.durability is Durability.DEGRADED
    state.durable_through(lsn)
    state.recovered()
    assert (state.durability, state.replacing, state.troubled) == (Durability.OK, False, False)


def test_a_file_that_was_removed_is_told_apart_from_a_sync_that_failed() -> None:
    state = start(new_disk()).state
    state.sync_failed(OSError(errno.EIO, "Input/output error"))
    assert (state.fsync_failures, state.removed) == (1, False)
    state.sync_failed(FileRemoved())
    assert (state.fsync_failures, state.removed) == (2, True)
    state.fail(FileRemoved())
    assert not state.retry_due
    state.relocate()
    assert (state.removed, state.failed, state.retry_due) == (False, True, True)


def test_a_failed_close_is_told_only_where_nothing_else_is() -> None:
    state = start(new_disk()).state
    state.close_failed(OSError(errno.EIO, "Input/output error"))
    state.close_failed(OSError(errno.ENOSPC, "No space left on device"))
    assert state.reason == "Input/output error"
