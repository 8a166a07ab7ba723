"""Damaged segments are kept: copied if the log still needs them, moved if not."""

import errno
import os
from pathlib import Path

import pytest

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal import quarantine as module
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.quarantine import quarantine, size
from fuguemux.persistence.wal.record import RecordType
from fuguemux.persistence.wal.segment import segment_name
from tests.damage.records import whole_records
from tests.simulation.disk import SimDisk
from tests.unit.persistence.wal.logs import DIRECTORY, fill, new_disk, read, start

ASIDE = "state/quarantine"


def damaged_log() -> tuple[SimDisk, str, str]:
    """A log of twelve records with one damaged segment and one file that is none; their paths."""
    disk = new_disk()
    writer = start(disk)
    fill(writer, 12, 800)
    writer.close()
    paths = sorted(path for path in disk.names if path.endswith(".wal"))
    damaged, useless = paths[0], f"{DIRECTORY}/{0x99:016x}.wal"
    disk.content(damaged)[9000] ^= 1
    disk.close(disk.create(useless))
    disk.content(useless).extend(b"not a segment" * 100)
    return disk, damaged, useless


def test_a_damaged_segment_is_copied_and_a_useless_one_moved() -> None:
    disk, damaged, useless = damaged_log()
    before = bytes(disk.content(damaged))
    kept = quarantine(disk, DIRECTORY, ASIDE, read(disk)[1].report)
    assert [(each.path, each.moved) for each in kept] == [
        (damaged.replace(DIRECTORY, ASIDE), False),
        (useless.replace(DIRECTORY, ASIDE), True),
    ]
    assert bytes(disk.content(kept[0].path)) == before
    assert disk.exists(damaged)
    assert not disk.exists(useless)
    records, log = read(disk)
    assert len(records) == 11
    assert quarantine(disk, DIRECTORY, ASIDE, log.report) == kept[:1]
    assert size(disk, ASIDE) == (2, len(before) + 13 * 100)


def test_another_damage_to_the_same_segment_is_another_copy() -> None:
    disk, damaged, _useless = damaged_log()
    first = quarantine(disk, DIRECTORY, ASIDE, read(disk)[1].report)[0].path
    before = bytes(disk.content(first))
    disk.content(damaged)[9500] ^= 1
    second = quarantine(disk, DIRECTORY, ASIDE, read(disk)[1].report)[0].path
    assert second == f"{first}.1"
    assert bytes(disk.content(first)) == before
    assert bytes(disk.content(second)) == bytes(disk.content(damaged))


def test_copies_of_one_segment_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VARIANTS_MAX", 2)
    disk, damaged, _useless = damaged_log()
    for offset in (9001, 9002):
        quarantine(disk, DIRECTORY, ASIDE, read(disk)[1].report)
        disk.content(damaged)[offset] ^= 1
    (refused,) = quarantine(disk, DIRECTORY, ASIDE, read(disk)[1].report)
    assert (refused.path, refused.problem) == ("", "there are 2 of that name already")


def test_a_disk_that_refuses_leaves_the_segment_and_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk, damaged, useless = damaged_log()
    report = read(disk)[1].report

    def refuse(path: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", path)

    monkeypatch.setattr(disk, "create", refuse)
    copied, moved = quarantine(disk, DIRECTORY, ASIDE, report)
    assert (copied.path, copied.problem) == ("", "No space left on device")
    assert moved.path == useless.replace(DIRECTORY, ASIDE)
    assert disk.exists(damaged)


def test_the_copy_of_a_hole_is_a_hole(tmp_path: Path) -> None:
    storage, log = RealStorage(), tmp_path / "wal"
    log.mkdir()
    segment = log / segment_name(7)
    segment.write_bytes(b"records" * 1000)
    os.truncate(segment, 64 << 20)
    report = ScanReport(from_lsn=1, damaged_segments=[7])
    kept = tmp_path / "quarantine" / segment.name
    for _ in range(2):
        [done] = quarantine(storage, str(log), f"{tmp_path}/quarantine", report)
        assert done.path == str(kept)
    assert kept.read_bytes() == segment.read_bytes()
    assert kept.stat().st_blocks * 512 < 8 << 20
    assert [path.name for path in (tmp_path / "quarantine").iterdir()] == [segment.name]


def test_a_sound_log_sets_nothing_aside() -> None:
    disk = new_disk()
    fill(start(disk), 3)
    assert quarantine(disk, DIRECTORY, ASIDE, read(disk)[1].report) == []
    assert size(disk, ASIDE) == (0, 0)


def unproven_log(damaged_lsn: int) -> tuple[SimDisk, str]:
    """Four records of which the last three were never synced, one of them damaged; the path."""
    disk = new_disk()
    writer = start(disk)
    fill(writer, 1, every=1)
    for number in range(2, 5):
        writer.append(RecordType.STRUCTURE, bytes([number]) * 300)
        writer.write()
    disk.process_crash()
    (path,) = (path for path in disk.names if path.endswith(".wal"))
    content = disk.content(path)
    content[content.index(bytes([damaged_lsn]) * 300)] ^= 1
    return disk, path


def test_whole_records_behind_the_end_of_the_log_are_kept() -> None:
    disk, path = unproven_log(3)
    records, log = read(disk)
    assert [record.lsn for record in records] == [1, 2]
    assert log.report.damaged_segments == []
    [kept] = quarantine(disk, DIRECTORY, ASIDE, log.report)
    assert (kept.path, kept.moved) == (path.replace(DIRECTORY, ASIDE), False)
    assert bytes(disk.content(kept.path)) == bytes(disk.content(path))
    assert set(whole_records(disk.content(kept.path))) == {1, 2, 4}


def test_a_last_record_that_was_never_finished_leaves_nothing_to_keep() -> None:
    disk, path = unproven_log(4)
    records, log = read(disk)
    assert [record.lsn for record in records] == [1, 2, 3]
    assert quarantine(disk, DIRECTORY, ASIDE, log.report) == []
    assert set(whole_records(disk.content(path))) == {1, 2, 3}
