"""Void segments: a crash that undoes the removal of their names brings no record back."""

import contextlib
import errno
import os
from collections.abc import Sequence
from random import Random

import pytest

from fuguemux.persistence.storage.files import NO_SPACE, Bytes
from fuguemux.persistence.wal.jobs import invalidate, write_void
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.record import BLOCK_BYTES, RecordType
from fuguemux.persistence.wal.segment import (
    HEADER_COPIES,
    RECORDS_OFFSET,
    VOID_BYTES,
    segment_id_of,
)
from fuguemux.persistence.wal.space import VOID_TRIES_MAX
from tests.simulation.disk import Crash, SimDisk
from tests.unit.persistence.wal.logs import DIRECTORY, do_chores, fill, new_disk, read, start, sync


class NoRemoval(SimDisk):
    """Forgets at every power failure that names were removed; refuses the headers of segments where it is told to."""

    refuses_headers = False
    refuses_records = False
    refuses_voids = 0  # the error number; a full disk that copies what is written over

    def unlink(self, path: str) -> None:
        """Only what lives in memory changes."""
        self._step()
        if path not in self.names:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        del self.names[path]

    def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
        """As any other write."""
        return self.pwrite(file, b"".join(parts), offset)

    def pwrite(self, file: int, data: Bytes, offset: int) -> int:
        """A header is written and yet reported as refused."""
        if self.refuses_records:
            raise OSError(errno.EIO, "Input/output error")
        if self.refuses_voids and len(data) == VOID_BYTES:
            raise OSError(self.refuses_voids, os.strerror(self.refuses_voids))
        done = super().pwrite(file, data, offset)
        is_header = offset == 0 and len(data) > VOID_BYTES and bytes(data).strip(b"\0")
        if self.refuses_headers and is_header:
            raise OSError(errno.EIO, "Input/output error")
        return done


class Nothing(Random):
    """A disk with such chance writes nothing of what it does not have to."""

    def random(self) -> float:
        """Always the highest."""
        return 0.999


def forgetful_disk() -> NoRemoval:
    disk = NoRemoval(Random(1))
    disk.directories.add(DIRECTORY)
    return disk


def test_a_replacement_that_was_given_up_does_not_come_back() -> None:
    disk = forgetful_disk()
    writer = start(disk)
    fill(writer, 3)
    lsn = writer.append(RecordType.STRUCTURE, b"never acknowledged")
    disk.refuses_records = True
    writer.write()
    disk.refuses_records = False
    disk.refuses_headers = True
    sync(writer)  # the records are on the disk, and the header perhaps
    disk.refuses_headers = False
    do_chores(writer)
    assert lsn not in {record.lsn for record in read(disk)[0]}
    disk.settle_files()
    disk.power_loss()
    records, log = read(disk)
    assert log.report.void_segments
    assert lsn not in {record.lsn for record in records}


def test_segments_of_before_a_checkpoint_do_not_come_back() -> None:
    disk = forgetful_disk()
    writer = start(disk)
    fill(writer, 200)
    first = min(name for name in disk.names if name.endswith(".wal"))
    assert writer.segments.truncate_before(writer.state.durable_lsn + 1)
    do_chores(writer)
    assert first not in disk.names
    disk.power_loss()
    assert first in disk.names
    report = scan(disk, DIRECTORY, writer.state.durable_lsn + 1).finish()
    assert int(first[-20:-4], 16) in report.void_segments
    assert not report.unusable_segments
    second = start(disk, from_lsn=writer.state.durable_lsn + 1)
    do_chores(second)
    assert first not in disk.names


@pytest.mark.parametrize("operations", range(6))
def test_a_crash_at_any_point_leaves_a_segment_whole_or_void(operations: int) -> None:
    for seed in range(40):
        disk = new_disk(seed)
        writer = start(disk)
        given = fill(writer, 3)
        name = next(iter(disk.list(DIRECTORY)))
        disk.crash_in = operations
        with contextlib.suppress(Crash):
            invalidate(disk, DIRECTORY, name)
        disk.power_loss()
        records, log = read(disk)
        assert not log.report.unusable_segments
        assert not log.report.damaged
        assert log.report.void_segments or len(records) == len(given)


def test_a_segment_that_is_cut_short_is_invalidated_as_far_as_it_goes() -> None:
    for size in (0, 100, VOID_BYTES, BLOCK_BYTES, BLOCK_BYTES + 100, RECORDS_OFFSET):
        disk = new_disk()
        fill(start(disk), 3)
        path = next(name for name in disk.names if name.endswith(".wal"))
        del disk.content(path)[size:]
        invalidate(disk, DIRECTORY, path.rpartition("/")[2])
        assert len(disk.content(path)) == size
        copies = min(HEADER_COPIES, (size + BLOCK_BYTES - VOID_BYTES) // BLOCK_BYTES)
        assert bool(scan(disk, DIRECTORY).finish().void_segments) == (copies > 0)


def test_a_segment_that_cannot_be_invalidated_does_not_keep_the_others() -> None:
    disk = new_disk()
    writer = start(disk)
    fill(writer, 200)
    segments = sorted(name for name in disk.names if name.endswith(".wal"))
    removed = writer.segments.truncate_before(writer.state.durable_lsn + 1)
    assert removed > 1
    opened = disk.open

    def refuses(path: str, *, writable: bool = False) -> int:
        if path == segments[0] and writable:
            raise OSError(errno.EIO, "Input/output error")
        return opened(path, writable=writable)

    disk.open = refuses  # type: ignore[method-assign]  # one file of a disk that is bad
    do_chores(writer)
    assert segments[0] in disk.names
    assert not set(segments[1:removed]) & set(disk.names)


def test_what_is_written_beside_a_replacement_that_was_given_up_survives_the_server() -> None:
    """Its header stands in the page cache, and would void what the segment takes that goes on."""
    disk = forgetful_disk()
    writer = start(disk)
    given = {}
    given[writer.append(RecordType.STRUCTURE, b"with the kernel")] = b"with the kernel"
    disk.fail_sync_chance = 1.0
    sync(writer)
    disk.fail_sync_chance = 0.0
    disk.refuses_headers = True
    sync(writer)
    disk.refuses_headers = False
    given[writer.append(RecordType.STRUCTURE, b"comes later")] = b"comes later"
    writer.write()
    disk.process_crash()
    found = {record.lsn: record.payload for record in read(disk)[0]}
    assert writer.state.written_lsn == writer.state.next_lsn - 1
    assert found == given


@pytest.mark.parametrize("failures", range(4))
def test_a_start_has_the_disk_take_in_what_only_the_cache_knows_is_void(failures: int) -> None:
    """A sync that failed leaves pages that count as clean: the next one says that all is well, and writes nothing."""
    disk = forgetful_disk()
    writer = start(disk)
    lsn = writer.append(RecordType.STRUCTURE, b"never acknowledged")
    writer.write()
    (path,) = (name for name in disk.names if name.endswith(".wal") and disk.content(name)[0])
    whole = bytes(disk.content(path))
    disk.settle_files()
    write_void(disk, disk.open(path, writable=True), segment_id_of(path.rpartition("/")[2]) or 0)
    disk.fail_sync_chance, disk.rng = 1.0, Nothing()
    with pytest.raises(OSError, match="Input"):
        disk.fdatasync(disk.open(path))
    disk.rng = Random(1)
    assert disk.durable_content(path) == whole
    disk.process_crash()
    left = [failures]

    def fdatasync(file: int) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError(errno.EIO, "Input/output error")
        SimDisk.fdatasync(disk, file)

    disk.fdatasync = fdatasync  # type: ignore[method-assign]  # of this one disk
    second = start(disk)
    assert bool(second.segments.space.returning) == (failures >= VOID_TRIES_MAX)
    disk.power_loss()
    found = {record.lsn for record in read(disk)[0]}
    assert lsn not in found or second.segments.space.returning


@pytest.mark.parametrize("error", sorted(NO_SPACE))
def test_a_disk_without_room_for_the_mark_gets_room_by_the_removal(error: int) -> None:
    disk = forgetful_disk()
    writer = start(disk)
    given = fill(writer, 200)
    segments = sorted(name for name in disk.names if name.endswith(".wal"))
    removed = writer.segments.truncate_before(writer.state.durable_lsn + 1)
    assert removed > 1
    disk.refuses_voids = error
    do_chores(writer)
    assert not set(segments[:removed]) & set(disk.names)
    lsn = writer.append(RecordType.STRUCTURE, b"goes on")
    sync(writer)
    assert writer.state.durable_lsn == lsn
    disk.refuses_voids = 0
    # Back they come: what they hold is older than where the log is needed from, and what it was.
    disk.power_loss()
    assert set(segments[:removed]) <= set(disk.names)
    log = scan(disk, DIRECTORY, lsn)
    assert [(record.lsn, record.payload) for record in log.records()] == [(lsn, b"goes on")]
    assert not log.finish().damaged
    everything = {record.lsn: record.payload for record in read(disk)[0]}
    assert everything == given | {lsn: b"goes on"}


def test_a_mark_that_is_refused_for_another_reason_keeps_the_segment() -> None:
    disk = forgetful_disk()
    writer = start(disk)
    fill(writer, 200)
    segments = sorted(name for name in disk.names if name.endswith(".wal"))
    removed = writer.segments.truncate_before(writer.state.durable_lsn + 1)
    disk.refuses_voids = errno.EIO
    do_chores(writer)
    assert set(segments[:removed]) <= set(disk.names)


def test_a_replacement_that_cannot_be_voided_takes_what_comes_next_along() -> None:
    """Its header may count for a start: nothing more goes to the segment that it would void."""
    disk = forgetful_disk()
    writer = start(disk)
    given = {writer.append(RecordType.STRUCTURE, b"with the kernel"): b"with the kernel"}
    disk.fail_sync_chance = 1.0
    sync(writer)
    disk.fail_sync_chance = 0.0
    disk.refuses_headers, disk.refuses_voids = True, errno.ENOSPC
    sync(writer)
    disk.refuses_headers, disk.refuses_voids = False, 0
    lsn = writer.append(RecordType.STRUCTURE, b"comes later")
    assert not writer.write(), "it is not with the kernel yet, and nobody is told that it is"
    disk.process_crash()
    found = {record.lsn: record.payload for record in read(disk)[0]}
    assert writer.state.written_lsn < lsn
    assert found == given
