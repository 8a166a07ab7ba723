"""Golden logs: the log of every released version is read as it was written."""

import json
import struct
from pathlib import Path

import pytest

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.record import RecordType, decode_output
from fuguemux.persistence.wal.segment import UnsupportedLog, decode_header
from tests.formats.make_wal import describe

GOLDEN = sorted(path for path in Path(__file__).parent.glob("wal_*") if path.is_dir())


@pytest.mark.parametrize("directory", GOLDEN, ids=lambda path: path.name)
def test_a_golden_log_is_read_as_it_was_written(directory: Path) -> None:
    assert describe(directory) == json.loads((directory / "records.json").read_text())
    report = scan(RealStorage(), str(directory)).finish()
    assert report.clean
    assert not report.damaged
    assert len(report.segments) > 1


def test_the_golden_log_has_testimony_that_is_not_handed_out() -> None:
    given = {record["lsn"] for record in describe(GOLDEN[0])}
    report = scan(RealStorage(), str(GOLDEN[0])).finish()
    assert len(set(range(1, report.last_lsn + 1)) - given) == 4
    assert not report.lost


def test_there_is_a_golden_log() -> None:
    assert [path.name for path in GOLDEN][:1] == ["wal_1_0"]


def test_the_bytes_stand_where_the_document_says() -> None:
    path = min(GOLDEN[0].glob("*.wal"))
    content = path.read_bytes()
    assert content[:8] == b"FUGUEWAL"
    assert struct.unpack_from("<HHB", content, 8) == (1, 0, 1)
    header = decode_header(content)
    assert header is not None
    assert struct.unpack_from("<QQ", content, 32) == (header.segment_id, header.base_lsn)
    assert content[4096:8192] == content[:4096]
    magic, kind, flags, length, lsn = struct.unpack_from("<HBBIQ", content, 8192)
    assert (magic, kind, flags, length, lsn) == (0xF6A7, RecordType.STRUCTURE, 0, 0, 1)
    magic, kind, flags, length, lsn = struct.unpack_from("<HBBIQ", content, 8192 + 32)
    assert (magic, kind, flags, lsn) == (0xF6A7, RecordType.OUTPUT, 0x10, 2)
    payload = content[8192 + 64 : 8192 + 64 + length]
    assert decode_output(flags, payload) == (0, 0, b"line 0\r\n" * 11)


def test_another_major_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = min(GOLDEN[0].glob("*.wal"))
    content = bytearray(path.read_bytes())
    for copy in (0, 4096):
        content[copy + 8] = 2
    (tmp_path / path.name).write_bytes(content)
    with pytest.raises(UnsupportedLog, match="log format 2 is unknown"):
        scan(RealStorage(), str(tmp_path))
    assert (tmp_path / path.name).read_bytes() == content
