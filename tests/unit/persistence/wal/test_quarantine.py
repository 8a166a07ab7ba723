"""Damaged segments are kept: copied if the log still needs them, moved if not."""

from fuguemux.persistence.wal.quarantine import quarantine
from tests.unit.persistence.wal.logs import DIRECTORY, fill, new_disk, read, start

ASIDE = "state/quarantine"


def test_a_damaged_segment_is_copied_and_a_useless_one_moved() -> None:
    disk = new_disk()
    writer = start(disk)
    given = fill(writer, 12, 800)
    writer.close()
    paths = sorted(path for path in disk.names if path.endswith(".wal"))
    damaged, useless = paths[0], f"{DIRECTORY}/{0x99:016x}.wal"
    disk.content(damaged)[9000] ^= 1
    before = bytes(disk.content(damaged))
    disk.close(disk.create(useless))
    disk.content(useless).extend(b"not a segment" * 100)
    report = read(disk)[1].report
    kept = quarantine(disk, DIRECTORY, ASIDE, report)
    assert sorted(kept) == [f"{ASIDE}/{0x99:016x}.wal", damaged.replace(DIRECTORY, ASIDE)]
    assert bytes(disk.content(kept[0])) == before
    assert disk.exists(damaged)
    assert not disk.exists(useless)
    records, log = read(disk)
    assert len(records) == len(given) - 1
    assert quarantine(disk, DIRECTORY, ASIDE, log.report) == kept[:1]
    assert sorted(disk.list(ASIDE)) == sorted(path.rpartition("/")[2] for path in kept)


def test_a_sound_log_sets_nothing_aside() -> None:
    disk = new_disk()
    fill(start(disk), 3)
    report = read(disk)[1].report
    assert quarantine(disk, DIRECTORY, ASIDE, report) == []
