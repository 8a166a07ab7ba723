"""A segment without its header: its records show whether it was part of a durable log."""

from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.headerless import durable_lsn
from fuguemux.persistence.wal.segment import RECORDS_OFFSET, segment_id_of
from tests.support.small_server import SmallServer, Truth, new_session


@pytest.mark.parametrize(("syncs", "durable"), [(1, False), (3, True)])
def test_only_records_of_a_later_sync_testify(tmp_path: Path, syncs: int, durable: bool) -> None:
    """The first sync may have been torn: its header need not have reached the disk."""
    server = SmallServer(RealStorage(), str(tmp_path), Truth(), entropy=lambda n: bytes(range(n)))
    server.commit(*new_session(server.state))
    for _ in range(syncs):
        server.output(PaneId(0), b"some output")
        server.sync()
    wal = tmp_path / "wal"
    (path,) = (each for each in wal.glob("*.wal") if any(each.read_bytes()))
    with path.open("r+b") as file:
        file.write(bytes(RECORDS_OFFSET))
    number = segment_id_of(path.name)
    assert number is not None
    assert (durable_lsn(RealStorage(), str(wal), number) > 0) is durable


@pytest.mark.parametrize("content", [b"", b"\xa7\xf6" * 40000, bytes(65536)])
def test_garbage_testifies_to_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"{1:016x}.wal").write_bytes(content)
    assert durable_lsn(RealStorage(), str(tmp_path), 1) == 0
    assert durable_lsn(RealStorage(), str(tmp_path), 2) == 0
