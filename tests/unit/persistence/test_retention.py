"""What is kept of checkpoints, and what goes."""

from pathlib import Path

import msgspec
import pytest

from fuguemux.persistence.files import RealStorage
from fuguemux.persistence.manifest import (
    Entry,
    Manifest,
    ManifestUnsupported,
    PackFile,
    encode_manifest,
    manifest_name,
    save_name,
)
from fuguemux.persistence.packs import pack_name
from fuguemux.persistence.retention import find_manifests, retain


def manifest(number: int, packs: list[int], *, wal: int = 0, name: str = "") -> Manifest:
    return Manifest(
        number,
        bytes(16),
        number,
        "test",
        "fugue",
        "fake",
        wal + 5,
        wal,
        wal + 6,
        number - 1,
        tuple(PackFile(bytes([pack] * 16), 9) for pack in packs),
        Entry(0, 0, 1),
        (),
        name=name,
    )


def put(directory: Path, *manifests: Manifest) -> None:
    for each in manifests:
        name = save_name(each.name) if each.name else manifest_name(each.number)
        (directory / name).write_bytes(encode_manifest(each))
        for pack in each.packs:
            (directory / pack_name(pack.digest)).write_bytes(b"x")


def test_what_nobody_needs_goes(tmp_path: Path) -> None:
    old, first, second = manifest(1, [1, 2]), manifest(2, [2, 3], wal=7), manifest(3, [3], wal=9)
    save = manifest(1, [1], name="kept")
    put(tmp_path, old, first, second, save)
    for name in ("pack-5-0.tmp", "MANIFEST-0000000000000009.tmp", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    put_pack = tmp_path / pack_name(bytes([9] * 16))
    put_pack.write_bytes(b"")
    forgotten: list[bytes] = []
    kept = retain(
        RealStorage(), str(tmp_path), [second, first, old], [save], forget=forgotten.append
    )
    assert kept.generations == [second, first]
    assert kept.wal_before_lsn == 8
    assert {path.name for path in tmp_path.iterdir()} == {
        manifest_name(2),
        manifest_name(3),
        save_name("kept"),
        "notes.txt",
        *(pack_name(bytes([pack] * 16)) for pack in (1, 2, 3)),
    }
    assert forgotten == [bytes([9] * 16)]


def test_a_single_generation_needs_the_whole_log(tmp_path: Path) -> None:
    only = manifest(1, [1], wal=50)
    put(tmp_path, only)
    assert retain(RealStorage(), str(tmp_path), [only], []).wal_before_lsn == 0


def test_a_file_that_cannot_be_removed_waits(tmp_path: Path) -> None:
    class Stubborn(RealStorage):
        def unlink(self, path: str) -> None:
            raise PermissionError(path)

    put(tmp_path, manifest(1, [1]), manifest(2, [2]), manifest(3, [3]))
    generations = [manifest(3, [3]), manifest(2, [2]), manifest(1, [1])]
    assert retain(Stubborn(), str(tmp_path), generations, []).removed == []


def test_manifests_are_found_newest_first_and_damaged_ones_told(tmp_path: Path) -> None:
    put(tmp_path, manifest(1, [1]), manifest(12, [1]), manifest(2, [1]), manifest(1, [1], name="s"))
    (tmp_path / manifest_name(13)).write_bytes(b"garbage")
    misnamed = manifest(5, [1])
    (tmp_path / manifest_name(14)).write_bytes(encode_manifest(misnamed))
    found = find_manifests(RealStorage(), str(tmp_path))
    assert [m.number for m in found.manifests] == [12, 2, 1]
    assert [m.name for m in found.saves] == ["s"]
    assert [name for name, _ in found.damaged] == [manifest_name(13), manifest_name(14)]
    assert found.highest_number == 14


def test_a_manifest_that_is_removed_meanwhile_is_not_damaged(tmp_path: Path) -> None:
    class Removing(RealStorage):
        def list(self, directory: str) -> list[str]:
            names = super().list(directory)
            (tmp_path / manifest_name(1)).unlink()
            return names

    put(tmp_path, manifest(1, [1]), manifest(2, [1]))
    found = find_manifests(Removing(), str(tmp_path))
    assert ([m.number for m in found.manifests], found.damaged) == ([2], [])


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("fuguemux.persistence.manifest.MAJOR", 2)
        data = encode_manifest(msgspec.structs.replace(manifest(1, [1])))
    (tmp_path / manifest_name(1)).write_bytes(data)
    with pytest.raises(ManifestUnsupported, match="MANIFEST-0000000000000001: checkpoint format 2"):
        find_manifests(RealStorage(), str(tmp_path))
