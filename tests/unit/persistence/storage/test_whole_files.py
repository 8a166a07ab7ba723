"""Whole files: every byte is written, they are read at once, and replaced atomically."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fuguemux.persistence.storage.files import Bytes, RealStorage
from fuguemux.persistence.storage.small_file import write_small
from fuguemux.persistence.storage.whole_files import (
    TEMPORARY_NAMES_MAX,
    read_all,
    write_all,
    write_atomically,
)


def test_a_file_whose_size_has_rotted_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    os.truncate(path, 1 << 40)
    with pytest.raises(OSError, match="too large"):
        read_all(RealStorage(), str(path))


class Short(RealStorage):
    """Writes three bytes at a time."""

    def pwrite(self, file: int, data: Bytes, offset: int) -> int:
        return super().pwrite(file, bytes(data[:3]), offset)

    def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
        return super().pwrite(file, b"".join(parts)[:3], offset)


def test_short_writes_are_gone_on_with(tmp_path: Path) -> None:
    storage = Short()
    file = storage.create(f"{tmp_path}/f")
    assert write_all(storage, file, [b"ab", b"", b"cdefg", memoryview(b"hij")], 2) == 10
    storage.close(file)
    assert read_all(storage, f"{tmp_path}/f") == b"\0\0abcdefghij"


def test_more_buffers_than_one_call_takes(tmp_path: Path) -> None:
    storage = RealStorage()
    file = storage.create(f"{tmp_path}/f")
    parts = [bytes([n % 256]) for n in range(3000)]
    write_all(storage, file, parts, 0)
    storage.close(file)
    assert (tmp_path / "f").read_bytes() == b"".join(parts)


def test_atomic_replacement(tmp_path: Path) -> None:
    storage = RealStorage()
    (tmp_path / "name.tmp").write_bytes(b"left over")
    assert write_atomically(storage, str(tmp_path), "name", [b"one"]) == f"{tmp_path}/name"
    write_atomically(storage, str(tmp_path), "name", [b"two", b"!"])
    assert (tmp_path / "name").read_bytes() == b"two!"
    assert os.listdir(tmp_path) == ["name"]
    assert (tmp_path / "name").stat().st_mode & 0o777 == 0o600


def test_a_directory_in_the_place_of_the_temporary_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "name.tmp").mkdir()
    (tmp_path / "name.tmp" / "file").write_bytes(b"precious")
    (tmp_path / "name.1.tmp").write_bytes(b"left over")
    for content in (b"one", b"two"):
        write_atomically(RealStorage(), str(tmp_path), "name", [content])
        assert (tmp_path / "name").read_bytes() == content
    assert sorted(os.listdir(tmp_path)) == ["name", "name.tmp"]
    assert (tmp_path / "name.tmp" / "file").read_bytes() == b"precious"


def test_what_is_in_the_way_of_all_temporary_files_does_not_have_the_target_moved(
    tmp_path: Path,
) -> None:
    write_small(RealStorage(), str(tmp_path), "name", b"old")
    before = (tmp_path / "name").read_bytes()
    for number in range(TEMPORARY_NAMES_MAX):
        (tmp_path / f"name.{number}.tmp").mkdir()
    (tmp_path / "name.tmp").mkdir()
    with pytest.raises(OSError, match="in the place of its temporary files"):
        write_small(RealStorage(), str(tmp_path), "name", b"new")
    assert (tmp_path / "name").read_bytes() == before


class NoSync(RealStorage):
    """A disk whose fsync fails."""

    def fsync(self, file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")


def test_a_failed_replacement_leaves_the_old_content(tmp_path: Path) -> None:
    write_atomically(RealStorage(), str(tmp_path), "name", [b"old"])
    with pytest.raises(OSError):
        write_atomically(NoSync(), str(tmp_path), "name", [b"new"])
    assert (tmp_path / "name").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["name"]
