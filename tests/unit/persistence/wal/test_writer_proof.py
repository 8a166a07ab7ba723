"""Proofs of the last sync: with them damage is recognised as damage. An idle log writes no more of them."""

from fuguemux.persistence.wal.durability import Durability
from fuguemux.persistence.wal.record import RecordType
from fuguemux.persistence.wal.writer import LogWriter
from tests.simulation.disk import SimDisk
from tests.unit.persistence.wal.logs import DIRECTORY, do_chores, fill, new_disk, read, start, sync


def log_of_eight(*, proven: bool) -> tuple[SimDisk, LogWriter]:
    disk = new_disk()
    writer = start(disk)
    fill(writer, 8)
    if proven:
        assert writer.prove() == 9
        sync(writer)
    disk.process_crash()
    return disk, writer


def flip_last_record(disk: SimDisk) -> None:
    """Damage the payload of record 8, the last one that says something."""
    for path in disk.names:
        if path.endswith(".wal"):
            content = disk.content(path)
            place = content.find(b"\x08" * 300)
            if place >= 0:
                content[place + 20] ^= 1
                return
    raise AssertionError("record 8 is in no segment")


def test_damage_to_the_last_sync_is_proven() -> None:
    disk, _writer = log_of_eight(proven=True)
    flip_last_record(disk)
    records, log = read(disk)
    assert [record.lsn for record in records] == [1, 2, 3, 4, 5, 6, 7]
    (lost,) = log.report.lost
    assert (lost.first_lsn, lost.last_lsn, lost.classes) == (8, 8, {"structure": 1})
    assert log.report.tail is None


def test_without_testimony_it_looks_like_a_torn_write() -> None:
    disk, _writer = log_of_eight(proven=False)
    flip_last_record(disk)
    _records, log = read(disk)
    assert log.report.lost == []
    assert log.report.tail is not None


def test_damage_to_the_testimony_itself_costs_nothing() -> None:
    disk, _writer = log_of_eight(proven=True)
    segments = sorted(path for path in disk.names if path.endswith(".wal"))
    content = next(c for path in reversed(segments) if any(c := disk.content(path)))
    content[len(content.rstrip(b"\0")) - 1] ^= 1
    records, log = read(disk)
    assert len(records) == 8
    assert log.report.lost == []


def test_testimony_is_written_once_and_only_when_all_is_durable() -> None:
    disk = new_disk()
    writer = start(disk)
    assert writer.prove() is None  # there is nothing to prove
    writer.append(RecordType.STRUCTURE, b"a")
    assert writer.prove() is None  # not durable yet
    sync(writer)
    assert (writer.prove(), writer.state.content_lsn) == (2, 1)
    sync(writer)
    writes = disk.writes
    assert (writer.prove(), writer.state.unproven) == (None, False)
    assert writer.write()
    assert writer.sync_job() is None
    assert disk.writes == writes
    writer.append(RecordType.STRUCTURE, b"b")
    assert writer.state.content_lsn == 3
    sync(writer)
    assert writer.prove() == 4


def test_testimony_is_not_handed_out() -> None:
    disk, _writer = log_of_eight(proven=True)
    records, log = read(disk)
    assert [record.lsn for record in records] == list(range(1, 9))
    assert (log.report.last_lsn, log.report.damaged) == (9, False)


def test_a_start_after_a_crash_carries_testimony_on() -> None:
    disk, _writer = log_of_eight(proven=True)
    again = start(disk)
    assert again.state.durability is Durability.OK
    assert (again.state.next_lsn, again.state.durable_lsn) == (10, 9)
    assert again.append(RecordType.STRUCTURE, b"more") == 10
    sync(again)
    disk.power_loss()
    records, log = read(disk)
    assert [record.lsn for record in records] == [*range(1, 9), 10]
    assert not log.report.damaged


def test_a_new_segment_frees_all_before_it() -> None:
    disk = new_disk()
    writer = start(disk)
    fill(writer, 6)
    base = writer.state.next_lsn
    assert writer.begin_segment()
    assert writer.segments.newest_base_lsn == base
    assert writer.begin_segment()  # nothing stands in it but its beginning
    sync(writer)
    assert writer.segments.truncate_before(base + 1) >= 1
    do_chores(writer)
    content = b"".join(bytes(disk.content(p)) for p in disk.names if p.startswith(DIRECTORY))
    assert b"\x06" * 300 not in content
    lsn = writer.append(RecordType.STRUCTURE, b"later")
    sync(writer)
    disk.power_loss()
    records, log = read(disk, base)
    assert [record.lsn for record in records] == [lsn]
    assert not log.report.damaged


def test_no_new_segment_while_the_disk_refuses() -> None:
    disk = new_disk()
    writer = start(disk)
    fill(writer, 2)
    disk.fail_sync_chance = 1.0
    writer.append(RecordType.STRUCTURE, b"x")
    sync(writer)
    assert writer.state.troubled
    assert not writer.begin_segment()
    assert writer.prove() is None
