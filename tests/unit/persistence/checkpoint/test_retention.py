"""Which files of checkpoints are kept, and which are removed."""

import os
from hashlib import blake2b
from pathlib import Path

import msgspec
import pytest

from fuguemux.persistence.checkpoint.manifest import (
    Entry,
    Manifest,
    ManifestUnsupported,
    PackFile,
    encode_manifest,
    manifest_name,
    save_name,
)
from fuguemux.persistence.checkpoint.retention import find_manifests, retain, retire, unknown_packs
from fuguemux.persistence.scrollback.packs import pack_name
from fuguemux.persistence.storage.files import RealStorage


def digest(number: int) -> bytes:
    return blake2b(bytes([number]), digest_size=16).digest()


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
        tuple(PackFile(digest(pack), 1) for pack in packs),
        Entry(0, 0, 1),
        (),
        name=name,
    )


def put(directory: Path, *manifests: Manifest) -> None:
    for each in manifests:
        name = save_name(each.name) if each.name else manifest_name(each.number)
        (directory / name).write_bytes(encode_manifest(each))
        for pack in each.packs:
            content = next(bytes([n]) for n in range(256) if digest(n) == pack.digest)
            (directory / pack_name(pack.digest)).write_bytes(content)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The checkpoints of a state directory, whose quarantine is beside them."""
    found = tmp_path / "checkpoints"
    found.mkdir()
    return found


def pack(number: int) -> str:
    return pack_name(digest(number))


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def aside(directory: Path) -> set[str]:
    return names(directory.parent / "quarantine")


def test_what_nobody_needs_goes(directory: Path) -> None:
    old, first, second = manifest(1, [1, 2, 4]), manifest(2, [2, 3], wal=7), manifest(3, [3], wal=9)
    save = manifest(1, [1], name="kept")
    put(directory, old, first, second, save)
    for name in ("pack-5-0.tmp", "MANIFEST-0000000000000009.tmp", "notes.txt"):
        (directory / name).write_bytes(b"")
    forgotten: list[bytes] = []
    kept = retain(
        RealStorage(), str(directory), [second, first, old], [save], forget=forgotten.append
    )
    assert kept.generations == [second, first]
    assert kept.wal_before_lsn == 8
    wanted = {manifest_name(2), manifest_name(3), save_name("kept"), "notes.txt"}
    assert names(directory) == wanted | {pack(1), pack(2), pack(3)}
    assert (forgotten, kept.set_aside) == ([digest(4)], [])


def test_what_cannot_be_read_is_set_aside_with_the_packs_that_nobody_else_names(
    directory: Path,
) -> None:
    put(directory, manifest(1, [1]), manifest(2, [2]), manifest(3, [3]), manifest(4, [4]))
    (directory / manifest_name(1)).write_bytes(b"garbage")
    kept = retain(RealStorage(), str(directory), [manifest(4, [4]), manifest(3, [3])], [])
    assert names(directory) == {manifest_name(3), manifest_name(4), pack(3), pack(4)}
    assert aside(directory) == {manifest_name(1), pack(1)} == set(kept.set_aside)
    assert (directory.parent / "quarantine" / manifest_name(1)).read_bytes() == b"garbage"


def test_what_belongs_to_another_store_or_is_newer_is_set_aside(directory: Path) -> None:
    stranger = msgspec.structs.replace(manifest(1, [1]), store_id=b"S" * 16)
    put(directory, stranger, manifest(2, [2]), manifest(9, [9]))
    retain(RealStorage(), str(directory), [manifest(2, [2])], [])
    assert aside(directory) == {manifest_name(1), pack(1), manifest_name(9), pack(9)}


def test_a_save_that_was_deleted_takes_its_packs_with_it(directory: Path) -> None:
    first, save = manifest(2, [2]), manifest(1, [1, 2], name="s")
    put(directory, first, save)
    retire(RealStorage(), str(directory), save_name("s"))
    assert find_manifests(RealStorage(), str(directory)).saves == []
    retain(RealStorage(), str(directory), [first], [])
    assert names(directory) == {manifest_name(2), pack(2)}


def test_a_pack_under_the_name_of_another_is_set_aside(directory: Path) -> None:
    generations = [manifest(3, [3]), manifest(2, [2]), manifest(1, [1])]
    put(directory, *generations)
    (directory / pack(1)).write_bytes(b"another pack")
    retain(RealStorage(), str(directory), generations, [])
    assert aside(directory) == {pack(1)}


def test_a_pack_whose_size_has_rotted_is_set_aside_without_reading_it(directory: Path) -> None:
    class Bounded(RealStorage):
        def pread(self, file: int, size: int, offset: int) -> bytes:
            assert offset < 1 << 30, "it reads a hole"
            return super().pread(file, size, offset)

    generations = [manifest(3, [3]), manifest(2, [2]), manifest(1, [1])]
    put(directory, *generations)
    os.truncate(directory / pack(1), 1 << 40)
    retain(Bounded(), str(directory), generations, [])
    assert aside(directory) == {pack(1)}
    assert manifest_name(1) not in names(directory)


def test_a_save_under_another_name_is_damaged(directory: Path) -> None:
    put(directory, manifest(1, [1]), manifest(2, [2], name="s"))
    first, save = directory / manifest_name(1), directory / save_name("s")
    swapped = first.read_bytes()
    first.write_bytes(save.read_bytes())
    save.write_bytes(swapped)
    found = find_manifests(RealStorage(), str(directory))
    assert ([*found.manifests, *found.saves], len(found.damaged)) == ([], 2)


def test_a_name_is_retired_twice_before_anything_is_removed(directory: Path) -> None:
    first = manifest(3, [3])
    put(directory, first, manifest(1, [1], name="s"))
    retire(RealStorage(), str(directory), save_name("s"))
    put(directory, manifest(2, [2], name="s"))
    retire(RealStorage(), str(directory), save_name("s"))
    retain(RealStorage(), str(directory), [first], [])
    assert names(directory) == {manifest_name(3), pack(3)}


def test_death_at_any_point_sets_nothing_aside_that_was_known(directory: Path) -> None:
    class Killed(Exception):
        pass

    class Dying(RealStorage):
        left = 0

        def unlink(self, path: str) -> None:
            self._count()
            super().unlink(path)

        def rename(self, source: str, target: str) -> None:
            self._count()
            super().rename(source, target)

        def _count(self) -> None:
            self.left -= 1
            if self.left < 0:
                raise Killed

    generations = [manifest(3, [3]), manifest(2, [2]), manifest(1, [1])]
    died = 0
    for left in range(8):
        put(directory, *generations)
        storage = Dying()
        storage.left = left
        try:
            retain(storage, str(directory), generations, [])
        except Killed:
            died += 1
        known = find_manifests(RealStorage(), str(directory)).manifests
        assert unknown_packs(RealStorage(), str(directory), known) == []
        kept = retain(RealStorage(), str(directory), known, [])
        assert (names(directory), kept.set_aside) == (
            {manifest_name(2), manifest_name(3), pack(2), pack(3)},
            [],
        )
    assert died == 3


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
        patch.setattr("fuguemux.persistence.checkpoint.manifest.MAJOR", 2)
        data = encode_manifest(msgspec.structs.replace(manifest(1, [1])))
    (tmp_path / manifest_name(1)).write_bytes(data)
    with pytest.raises(ManifestUnsupported, match="MANIFEST-0000000000000001: checkpoint format 2"):
        find_manifests(RealStorage(), str(tmp_path))


@pytest.mark.parametrize("called", ["7-SAVE-73", "7-LOCK.not-a-lock", "7-default.landing"])
def test_a_pack_of_a_save_that_was_set_aside_is_set_aside_with_it(
    directory: Path, called: str
) -> None:
    """The save lay in another file's place; a superseded generation names the same pack."""
    generations = [manifest(3, [3]), manifest(2, [2]), manifest(1, [1, 4])]
    put(directory, *generations)
    quarantine = directory.parent / "quarantine"
    quarantine.mkdir()
    (quarantine / called).write_bytes(encode_manifest(manifest(9, [1], name="s")))
    (quarantine / "a generation").write_bytes(encode_manifest(manifest(9, [4])))
    (quarantine / "no manifest").write_bytes(b"FUGUEMAN and nothing more")
    (quarantine / "a directory").mkdir()
    kept = pack_name(digest(1))
    retained = retain(RealStorage(), str(directory), generations, [])
    assert retained.set_aside == [kept]
    assert (quarantine / kept).read_bytes() == bytes([1])
    assert pack_name(digest(4)) in retained.removed
    assert not list(directory.glob("*.old"))
