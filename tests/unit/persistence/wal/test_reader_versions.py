"""Record types of later versions, and the tools that read a log while no server runs."""

from pathlib import Path
from typing import cast

import pytest

from fuguemux.persistence.recovery.inspect import CannotRead, dump, salvage, verify
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal import writer as writer_module
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.record import IGNORABLE, RecordType
from fuguemux.persistence.wal.segment import UnsupportedLog
from fuguemux.persistence.wal.writer import LogWriter
from tests.unit.persistence.wal.logs import DIRECTORY, fill, new_disk, read, start, sync

FUTURE = cast("RecordType", 9)


def know_future_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the writer, and it alone, write records of the type."""
    monkeypatch.setattr(writer_module, "CLASS_FLAGS", (0,) * (FUTURE + 1))
    monkeypatch.setattr(writer_module, "_NUMBERS", tuple(range(FUTURE + 1)))


def test_an_unknown_type_is_skipped_if_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    know_future_type(monkeypatch)
    disk = new_disk()
    writer = start(disk)
    writer.append(RecordType.STRUCTURE, b"a")
    writer.append(FUTURE, b"?", IGNORABLE)
    writer.append(RecordType.STRUCTURE, b"b")
    sync(writer)
    records, log = read(disk)
    assert [record.payload for record in records] == [b"a", b"b"]
    assert not log.report.damaged


def test_an_unknown_type_is_refused_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    know_future_type(monkeypatch)
    disk = new_disk()
    writer = start(disk)
    writer.append(FUTURE, b"?")
    sync(writer)
    with pytest.raises(UnsupportedLog, match="record 1 is of type 9"):
        read(disk)
    with pytest.raises(CannotRead, match="type 9"):
        verify(DIRECTORY, storage=disk)


@pytest.fixture
def log_directory(tmp_path: Path) -> Path:
    directory = tmp_path / "wal"
    writer: LogWriter = start(RealStorage(), directory=str(directory))
    writer.append_output(3, 0, memoryview(b"hello "))
    fill(writer, 20, 400)
    writer.append_output(3, 6, memoryview(b"world" * 2000))
    writer.append_output(3, 10_100, memoryview(b"after a gap"))
    assert writer.close()
    return directory


def flip(directory: Path) -> None:
    path = min(directory.glob("*.wal"))
    content = bytearray(path.read_bytes())
    content[8192 + 32 + 16 + 8 + 400] ^= 1
    path.write_bytes(content)


def tree(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_verify_counts_and_changes_nothing(log_directory: Path) -> None:
    before = tree(log_directory)
    shares: list[float] = []
    found = verify(str(log_directory), progress=shares.append)
    assert found.exit_code == 0
    assert found.records_by_class == {"output": 3, "structure": 20}
    assert found.report.clean
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert found.to_dict()["exit_code"] == 0
    assert tree(log_directory) == before


def test_verify_tells_damage_by_its_exit_code(log_directory: Path) -> None:
    flip(log_directory)
    found = verify(str(log_directory))
    assert found.exit_code == 1
    assert [lost.records for lost in found.report.lost] == [1]


def test_no_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match="there is no log in"):
        verify(str(tmp_path / "nothing"))


def test_dump_shows_every_record(log_directory: Path) -> None:
    records = list(dump(str(log_directory)))
    assert [record.lsn for record in records] == list(range(1, 24))
    assert (records[0].kind, records[0].pane, records[0].data) == ("output", 3, b"hello ")
    assert records[21].compressed
    assert records[21].data == b"world" * 2000
    assert records[1].to_dict()["kind"] == "structure"


def test_dump_says_where_records_are_lost_unless_a_checkpoint_has_them(
    log_directory: Path,
) -> None:
    flip(log_directory)
    records = list(dump(str(log_directory)))
    assert [(record.lsn, record.kind) for record in records if record.problem] == [(2, "lost")]
    assert records[1].problem == "record 2 is lost (1 structure)"
    min(log_directory.glob("*.wal")).unlink()
    assert any(record.kind == "lost" for record in dump(str(log_directory)))
    oldest = next(record.lsn for record in dump(str(log_directory)) if record.kind != "lost")
    again = list(dump(str(log_directory), needed_lsn=oldest))
    assert [record.lsn for record in again] == list(range(oldest, 24))
    assert not any(record.problem for record in again)


def test_salvage_writes_only_into_its_own_directory(log_directory: Path, tmp_path: Path) -> None:
    flip(log_directory)
    before = tree(log_directory)
    saved = salvage(str(log_directory), str(tmp_path / "saved"))
    assert tree(log_directory) == before
    assert (tmp_path / "saved/pane-3.out").read_bytes() == (
        b"hello " + b"world" * 2000 + b"after a gap"
    )
    assert saved.structure_records == 19
    assert saved.gaps == 1
    assert saved.verification.exit_code == 1
    assert (tmp_path / "saved").stat().st_mode & 0o777 == 0o700
    with pytest.raises(FileExistsError):
        salvage(str(log_directory), str(tmp_path / "saved"))


def test_a_scan_from_the_middle(log_directory: Path) -> None:
    records = list(scan(RealStorage(), str(log_directory), 15).records())
    assert [record.lsn for record in records] == list(range(15, 24))
