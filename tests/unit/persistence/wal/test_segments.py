"""The segments: which one is written, which one follows or replaces it, and which are removed."""

import errno
from random import Random

import pytest
from msgspec.structs import replace

from fuguemux.persistence.storage.files import Bytes
from fuguemux.persistence.wal.active import JOIN_BYTES_MAX, Active
from fuguemux.persistence.wal.durability import Durability
from fuguemux.persistence.wal.record import RecordType
from fuguemux.persistence.wal.segment import RECORDS_OFFSET
from fuguemux.persistence.wal.writer import LogWriter
from tests.support.fake_clock import FakeClock
from tests.unit.persistence.wal.logs import (
    DIRECTORY,
    SMALL,
    Told,
    broken_disk,
    do_chores,
    fill,
    new_disk,
    payloads,
    read,
    start,
    sync,
)


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


def test_an_opened_segment_stages_its_header_and_writes_nothing() -> None:
    disk = new_disk()
    segments = start(disk).segments
    active = segments.active
    assert active is not None
    assert (active.position, active.staged_bytes) == (0, RECORDS_OFFSET)
    assert segments.newest_base_lsn == 1
    assert active.header_alone(next_lsn=1)
    assert not active.header_alone(next_lsn=2)
    assert not any(disk.content(path).strip(b"\0") for path in disk.names)


def test_a_lost_segment_takes_what_was_staged_for_it_along() -> None:
    writer = start(new_disk())
    segments = writer.segments
    writer.append(RecordType.STRUCTURE, b"staged")
    before = segments.bytes_since(1)
    segments.lose()
    assert segments.active is None
    assert segments.newest_base_lsn == 0
    assert segments.bytes_since(1) < before
    assert [record.payload for record in writer.state.kept] == [b"staged"]


def test_no_segment_follows_one_that_is_being_replaced() -> None:
    writer = start(new_disk())
    fill(writer, 2)
    writer.state.failed = True
    assert writer.segments.follow(0) is None
    assert writer.segments.active is None
    assert writer.segments.count == 1


def test_a_full_segment_is_synced_before_the_one_that_follows_it() -> None:
    writer = start(new_disk())
    writer.append(RecordType.STRUCTURE, b"first")
    writer.write()
    first = writer.segments.active
    assert first is not None
    second = writer.segments.follow(0)
    assert second is not None
    assert writer.segments.unsynced_files(second) == (first.file, second.file)
    writer.segments.synced(writer.state.last_lsn)
    assert writer.segments.unsynced_files(second) == (second.file,)


def test_a_segment_that_was_never_written_is_removed_at_the_end() -> None:
    disk = new_disk()
    segments = start(disk).segments
    assert [path for path in disk.names if path.endswith(".wal")]
    assert segments.close() is None
    assert not [path for path in disk.names if path.endswith(".wal")]


def test_nothing_is_removed_while_a_segment_is_being_replaced() -> None:
    writer = start(new_disk())
    fill(writer, 60, 900)
    writer.state.failed = True
    assert writer.segments.truncate_before(30) == 0
    writer.state.failed = False
    assert writer.segments.truncate_before(30) > 0


def test_staged_buffers_have_their_place_once_they_are_taken() -> None:
    writer = start(new_disk())
    active = writer.segments.active
    assert active is not None
    large = bytes(JOIN_BYTES_MAX)
    parts: list[Bytes] = [b"a" * 100, large, large, large, b"b" * 100, b"c" * 100]
    taken = Active(active.file, active.header, active.seed, 512, parts, sum(map(len, parts)))
    assert taken.take_staged() == [parts[0], large, b"", large, b"", large, b"b" * 100 + b"c" * 100]
    assert (taken.position, taken.staged, taken.staged_bytes) == (
        512 + sum(map(len, parts)),
        [],
        0,
    )
