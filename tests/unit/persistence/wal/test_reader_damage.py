"""Damage to the log: the reader raises nothing, and reports what is missing."""

import struct
from random import Random

import pytest
from msgspec.structs import replace

from fuguemux.persistence.wal.chain import Chain
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.record import MAGIC, RecordType
from fuguemux.persistence.wal.segment import (
    RECORDS_OFFSET,
    SEGMENT_BYTES_MAX,
    decode_header,
    encode_header,
    segment_name,
)
from fuguemux.persistence.wal.watermark import Watermark, read_watermark
from tests.simulation.disk import SimDisk
from tests.unit.persistence.wal.logs import DIRECTORY, SMALL, fill, new_disk, read, start

GARBAGE_CASES = 40_000


def closed_log() -> tuple[SimDisk, dict[int, bytes], list[str]]:
    """Two segments, closed cleanly."""
    disk = new_disk()
    writer = start(disk, options=replace(SMALL, first_segment_bytes=10 << 10))
    given = fill(writer, 3, 500, every=3)
    assert writer.close()
    disk.settle()
    paths = sorted(path for path in disk.names if path.endswith(".wal"))
    assert len(paths) == 2
    return disk, given, paths


def judge(disk: SimDisk, given: dict[int, bytes], *, what: str) -> None:
    records, log = read(disk)
    report = log.report
    lost = {n for each in report.lost for n in range(each.first_lsn, each.last_lsn + 1)}
    found = {record.lsn: record.payload for record in records}
    for lsn, payload in found.items():
        assert given[lsn] == payload, what
    missing = set(given) - set(found)
    assert missing <= lost, what
    assert not missing or report.damaged, what


@pytest.mark.slow
def test_every_byte_flipped() -> None:
    disk, given, paths = closed_log()
    rng = Random(3)
    harmless = 0
    for path in paths:
        content = disk.content(path)
        for offset in range(len(content)):
            original = content[offset]
            content[offset] ^= 1 << rng.randrange(8)
            judge(disk, given, what=f"{path} byte {offset}")
            harmless += not scan(disk, DIRECTORY).finish().damaged if offset % 97 == 0 else 0
            content[offset] = original
    judge(disk, given, what="intact again")
    assert not read(disk)[1].report.damaged
    assert harmless > 0  # the padding is large


@pytest.mark.slow
def test_every_truncation() -> None:
    disk, given, paths = closed_log()
    for path in paths:
        whole = bytes(disk.content(path))
        for length in range(0, len(whole), 1):
            del disk.content(path)[length:]
            records, log = read(disk)
            found = {record.lsn for record in records}
            lost = {n for each in log.report.lost for n in range(each.first_lsn, each.last_lsn + 1)}
            if set(given) - found - lost:
                # Nothing behind the cut can testify: the shortness itself is the report.
                assert path == paths[-1], length
                assert log.report.damaged or log.report.tail or length < 8192, length
                assert not log.report.clean
            disk.content(path)[length:] = whole[length:]


def test_a_missing_segment_is_reported_to_the_lsn() -> None:
    disk = new_disk()
    writer = start(disk)
    given = fill(writer, 40, 800)
    assert writer.close()
    paths = sorted(path for path in disk.names if path.endswith(".wal"))
    assert len(paths) > 2
    disk.unlink(paths[1])
    judge(disk, given, what="segment removed")
    report = read(disk)[1].report
    assert len(report.lost) == 1
    assert report.lost[0].classes == {"unknown": report.lost[0].records}


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("goes_on", [False, True])
def test_a_segment_behind_a_clean_end_is_missed_from_its_first_record_on(
    count: int, *, goes_on: bool
) -> None:
    """The mark of a clean end gives its number to the next record: that it is there does not mean that the record is."""
    disk = new_disk()
    disk.directories.add("state")
    writer = start(disk)
    kept = fill(writer, 3)
    assert writer.close()
    watermark = Watermark(disk, "state")
    second = start(disk, entropy=Random(8).randbytes, watermark=watermark)
    gone = fill(second, count, every=1)
    second._run_now()
    assert second.state.durable_lsn == max(gone)
    second.state.marker.say(second.state.durable_lsn, second.segments.active_header)
    disk.settle()
    disk.process_crash()
    paths = sorted(path for path in disk.names if path.endswith(".wal"))[1:]
    behind: dict[int, bytes] = {}
    if goes_on:
        third = start(disk, entropy=Random(9).randbytes, mark=read_watermark(disk, "state").mark)
        behind = fill(third, 3, every=1)
        third._run_now()
        disk.settle()
    for path in paths:
        disk.unlink(path)
    mark = read_watermark(disk, "state").mark
    log = scan(disk, DIRECTORY, mark=mark)
    assert {record.lsn: record.payload for record in log.records()} == kept | behind
    lost = {n for each in log.report.lost for n in range(each.first_lsn, each.last_lsn + 1)}
    assert lost == set(gone)
    assert not log.report.clean


def test_a_header_of_garbage_behind_a_clean_end_is_no_clean_end() -> None:
    """The record that took the number of the mark may have been acknowledged, and be in that segment."""
    disk = new_disk()
    writer = start(disk)
    kept = fill(writer, 3)
    assert writer.close()
    assert read(disk)[1].report.clean
    second = start(disk, entropy=Random(8).randbytes)
    fill(second, 1, every=1)
    disk.settle()
    disk.process_crash()
    last = max(path for path in disk.names if path.endswith(".wal"))
    disk.content(last)[:RECORDS_OFFSET] = b"\x55" * RECORDS_OFFSET
    records, log = read(disk)
    assert {record.lsn: record.payload for record in records} == kept
    assert not log.report.clean
    assert log.report.tail is not None
    assert log.report.last_lsn == max(kept)  # the mark has given its number away all the same


def test_what_no_start_took_for_the_logs_does_not_come_back_behind_a_checkpoint() -> None:
    """A life that lost its log left a checkpoint: records of the life before it, never synced, have its numbers."""
    disk = new_disk()
    writer = start(disk)
    kept = fill(writer, 3, every=1)
    for number in range(4, 8):
        writer.append(RecordType.STRUCTURE, bytes([number]) * 300)
        writer.write()
    disk.process_crash()
    [content] = (c for path in disk.names if bytes([4]) * 300 in (c := disk.content(path)))
    content[content.index(bytes([4]) * 300)] ^= 1
    assert max(record.lsn for record in read(disk)[0]) == 3
    records, log = read(disk, from_lsn=6)  # the checkpoint has everything before
    assert records == []
    assert log.report.last_lsn == 5
    disk.directories.add("state")
    start(disk, from_lsn=6, entropy=Random(9).randbytes, watermark=Watermark(disk, "state"))
    disk.process_crash()  # before it logged anything
    mark = read_watermark(disk, "state").mark
    assert list(scan(disk, DIRECTORY, from_lsn=6, mark=mark).records()) == []
    again = start(disk, from_lsn=6, entropy=Random(8).randbytes)
    new = {again.append(RecordType.STRUCTURE, b"new"): b"new"}
    again._run_now()
    assert (
        {record.lsn: record.payload for record in read(disk, from_lsn=6)[0]} == new == {6: b"new"}
    )
    assert {record.lsn: record.payload for record in read(disk)[0]} == kept | new


def test_one_damaged_payload_costs_one_record_and_names_its_class() -> None:
    disk, given, paths = closed_log()
    payload = given[2]
    at = disk.content(paths[0]).index(payload)
    disk.content(paths[0])[at + 100] ^= 0x10
    records, log = read(disk)
    assert set(given) - {record.lsn for record in records} == {2}
    (lost,) = log.report.lost
    assert (lost.first_lsn, lost.last_lsn) == (2, 2)
    assert lost.classes == {"structure": 1}
    assert lost.damaged_bytes == 32 + len(payload) + (-len(payload) % 8)
    assert log.report.damaged_segments


def test_a_flipped_bit_behind_the_end_is_no_damage() -> None:
    disk, given, paths = closed_log()
    disk.content(paths[-1])[-5] ^= 1
    records, log = read(disk)
    assert len(records) == len(given)
    assert log.report.tail is not None
    assert not log.report.damaged


def test_a_size_that_has_rotted_is_read_up_to_the_largest_segment() -> None:
    """A hole of a terabyte: reading all of it would take a start hours."""
    disk, _given, _paths = closed_log()
    disk.create(f"{DIRECTORY}/{segment_name(0x7F0000)}")  # looks like a spare to its end
    asked: list[int] = []

    def pread(file: int, size: int, offset: int) -> bytes:
        asked.append(offset)
        data = SimDisk.pread(disk, file, size, offset)
        return data.ljust(size, b"\0") if offset + size <= 1 << 40 else data

    disk.size, disk.pread = lambda _file: 1 << 40, pread  # type: ignore[method-assign,assignment]  # this disk alone
    log = Chain(disk, DIRECTORY, report := ScanReport(from_lsn=1))
    assert [segment.size for segment in log.segments] == [SEGMENT_BYTES_MAX] * 2
    assert ["only" in finding.detail for finding in report.findings] == [True] * 2
    assert (report.spare_segments, report.unusable_segments) == ([], [0x7F0000])
    assert max(asked) <= RECORDS_OFFSET


@pytest.mark.slow
def test_garbage_raises_nothing() -> None:
    source, _given, paths = closed_log()
    whole = bytes(source.content(paths[0]))
    rng = Random(11)
    disk = new_disk()
    name = f"{DIRECTORY}/{segment_name(0x10000)}"
    file = disk.create(name)
    for case in range(GARBAGE_CASES):
        content = disk.names[name].live
        match case % 4:
            case 0:
                content[:] = rng.randbytes(rng.randrange(400))
            case 1:
                content[:] = whole[:8192] + rng.randbytes(rng.randrange(600))
            case 2:
                content[:] = whole[: rng.randrange(8192, len(whole))]
                for _ in range(rng.randrange(1, 6)):
                    at = rng.randrange(8192 - 200, len(content))
                    content[at : at + 7] = rng.randbytes(7)
            case _:
                header = struct.pack("<HBB", MAGIC, rng.randrange(256), rng.randrange(256))
                content[:] = whole[:8192] + header * rng.randrange(200)
        for _record in scan(disk, DIRECTORY).records():
            pass
    disk.close(file)


def test_a_block_that_cannot_be_read_costs_what_is_in_it() -> None:
    disk = new_disk()
    writer = start(disk)
    given = fill(writer, 12, 800)
    assert writer.close()
    paths = [path for path in disk.names if path.endswith(".wal")]

    class Failing(SimDisk):
        bad = range(0)

        def pread(self, file: int, size: int, offset: int) -> bytes:
            if offset < self.bad.stop and offset + size > self.bad.start:
                raise OSError(5, "Input/output error")
            return super().pread(file, size, offset)

    failing = Failing(Random(1))
    failing.directories.add(DIRECTORY)
    for path in paths:
        failing.names[path] = disk.names[path]
    failing.bad = range(8192, 12288)
    records, log = read(failing)
    assert 0 < len(records) < len(given)
    assert any(finding.kind == "unreadable-block" for finding in log.report.findings)
    assert set(given) - {r.lsn for r in records} <= {
        n for each in log.report.lost for n in range(each.first_lsn, each.last_lsn + 1)
    }


def test_a_foreign_segment_is_not_read() -> None:
    disk, given, _paths = closed_log()
    other = new_disk()
    writer = start(other, entropy=Random(99).randbytes)
    fill(writer, 3)
    writer.close()
    (path,) = [path for path in other.names if path.endswith(".wal")]
    header_id = 0x5
    target = f"{DIRECTORY}/{segment_name(header_id)}"
    disk.names[target] = other.names[path]
    content = disk.content(target)
    header = decode_header(bytes(content[:8192]))
    assert header is not None
    content[:8192] = encode_header(header._replace(segment_id=header_id))
    records, log = read(disk)
    assert len(records) == len(given)
    assert [finding.kind for finding in log.report.findings] == ["foreign-segment"]
