"""The writer: what is encoded and written when, on disks that work and on disks that fail."""

import errno
from random import Random

from fuguemux.persistence.storage.files import Bytes
from fuguemux.persistence.wal.durability import WriterOptions
from fuguemux.persistence.wal.record import COMPRESSED, RecordType, decode_output
from tests.unit.persistence.wal.logs import (
    broken_disk,
    fill,
    new_disk,
    payloads,
    read,
    start,
    sync,
)


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
