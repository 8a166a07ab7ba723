"""Packs: files of entries, named by their content, with a checksum for each entry."""

import errno
import os
from pathlib import Path

import pytest

from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import (
    EntryKind,
    PackDamaged,
    PackPlace,
    PackUnreadable,
    PackWriter,
    compress,
    entries_of,
    pack_digest,
    pack_name,
)
from fuguemux.persistence.storage.files import RealStorage

STORE_ID = bytes(16)


def written(directory: Path) -> tuple[bytes, list[PackPlace]]:
    writer = PackWriter(RealStorage(), str(directory), STORE_ID, "1")
    places = []
    for pane, payload in ((1, b"plain"), (2, b"x" * 3_000_000)):
        places.append((writer.add(EntryKind.SCREEN, pane, payload), len(payload)))
    packed = compress(b"a" * 1000, 3)
    places.append((writer.add(EntryKind.BLOCK, 2, packed, packed=True), len(packed)))
    digest = writer.sync()
    writer.publish(digest)
    return digest, [PackPlace(digest, offset, 16 + size) for offset, size in places]


def test_entries_come_back(tmp_path: Path) -> None:
    digest, (first, large, packed) = written(tmp_path)
    reader = PackReader(RealStorage(), str(tmp_path))
    assert reader.payload(first, EntryKind.SCREEN, 1) == b"plain"
    assert reader.payload(large, EntryKind.SCREEN, 2) == b"x" * 3_000_000
    assert reader.payload(packed, EntryKind.BLOCK, 2) == b"a" * 1000
    reader.verify(digest, reader.size_of(digest))
    assert (tmp_path / pack_name(digest)).stat().st_mode & 0o777 == 0o600


def test_the_name_is_the_content(tmp_path: Path) -> None:
    digest, _ = written(tmp_path)
    again, _ = written(tmp_path)
    assert digest == again
    assert pack_digest(pack_name(digest)) == digest
    assert [path.name for path in tmp_path.iterdir()] == [pack_name(digest)]


@pytest.mark.parametrize("kind", [EntryKind.BLOCK, EntryKind.STRUCTURE])
def test_an_entry_of_another_kind_or_pane_is_refused(tmp_path: Path, kind: EntryKind) -> None:
    _, (first, *_) = written(tmp_path)
    reader = PackReader(RealStorage(), str(tmp_path))
    with pytest.raises(PackDamaged, match="of kind 2 for %1"):
        reader.payload(first, kind, 1)
    with pytest.raises(PackDamaged):
        reader.payload(first, EntryKind.SCREEN, 2)


def test_every_flipped_byte_of_an_entry_is_noticed(tmp_path: Path) -> None:
    digest, (first, *_) = written(tmp_path)
    path = tmp_path / pack_name(digest)
    whole = path.read_bytes()
    for offset in range(first.offset, first.offset + first.length):
        path.write_bytes(whole[:offset] + bytes((whole[offset] ^ 1,)) + whole[offset + 1 :])
        with pytest.raises(PackDamaged):
            PackReader(RealStorage(), str(tmp_path)).payload(first, EntryKind.SCREEN, 1)
    with pytest.raises(PackDamaged, match="is not what was written"):
        PackReader(RealStorage(), str(tmp_path)).verify(digest, len(whole))


def test_a_missing_or_short_pack_is_damage(tmp_path: Path) -> None:
    digest, (_, large, _) = written(tmp_path)
    path = tmp_path / pack_name(digest)
    path.write_bytes(path.read_bytes()[:1000])
    reader = PackReader(RealStorage(), str(tmp_path))
    with pytest.raises(PackDamaged, match="ends before"):
        reader.read(large)
    reader.forget(digest)
    path.unlink()
    for call in (lambda: reader.read(large), lambda: reader.size_of(digest)):
        with pytest.raises(PackDamaged, match="cannot be read"):
            call()


class NoDescriptors(RealStorage):
    """A process that has as many files open as it may have."""

    def open(self, path: str, *, writable: bool = False) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), path)


def test_what_cannot_be_read_for_now_is_no_damage(tmp_path: Path) -> None:
    _digest, (first, *_) = written(tmp_path)
    with pytest.raises(PackUnreadable, match="Too many open files"):
        PackReader(NoDescriptors(), str(tmp_path)).payload(first, EntryKind.SCREEN, 1)


def test_a_pack_can_be_walked_without_a_manifest(tmp_path: Path) -> None:
    digest, places = written(tmp_path)
    data = (tmp_path / pack_name(digest)).read_bytes()
    assert [(e.kind, e.pane, e.place) for e in entries_of(data, digest)] == [
        (2, 1, places[0]),
        (2, 2, places[1]),
        (4, 2, places[2]),
    ]
    assert [e.place for e in entries_of(data[:-1], digest)] == places[:2]


def test_an_abandoned_pack_leaves_nothing(tmp_path: Path) -> None:
    writer = PackWriter(RealStorage(), str(tmp_path), STORE_ID, "1")
    writer.add(EntryKind.SCREEN, 1, b"x")
    writer.abandon()
    writer.abandon()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_back_is_not_published(tmp_path: Path) -> None:
    class Liar(RealStorage):
        def pwrite(self, file: int, data: bytes | bytearray | memoryview, offset: int) -> int:
            super().pwrite(file, bytes(len(data)), offset)
            return len(data)

        pwritev = None  # type: ignore[assignment]  # everything goes through pwrite here

    class LiarV(RealStorage):
        def fsync(self, file: int) -> None:
            super().fsync(file)
            super().pwrite(file, b"?", 20)

    writer = PackWriter(LiarV(), str(tmp_path), STORE_ID, "1")
    writer.add(EntryKind.SCREEN, 1, b"x")
    with pytest.raises(PackDamaged, match="cannot be read back"):
        writer.sync()


@pytest.mark.parametrize("there", ["itself", "another pack", "a directory"])
def test_what_has_its_name_and_is_something_else_is_set_aside(tmp_path: Path, there: str) -> None:
    directory = tmp_path / "checkpoints"
    directory.mkdir()
    digest, _ = written(directory)
    path = directory / pack_name(digest)
    content = path.read_bytes()
    if there == "another pack":
        path.write_bytes(b"the only copy of another pack")
    if there == "a directory":
        path.unlink()
        path.mkdir()
    assert written(directory)[0] == digest
    assert path.read_bytes() == content
    aside = tmp_path / "quarantine" / path.name
    assert aside.exists() == (there != "itself")
    if there == "another pack":
        assert aside.read_bytes() == b"the only copy of another pack"
