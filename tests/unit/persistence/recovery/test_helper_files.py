"""Anything in the place of a helper file is set aside and reported, so that the file can be written."""

import errno
import os
from pathlib import Path

import pytest

from fuguemux.keeper.helper_record import HelperDamaged, decode, encode
from fuguemux.model.ids import PaneId
from fuguemux.persistence.recovery.helper_files import (
    MARKS,
    WAS,
    helper_or_nothing,
    put_pipes_right,
    put_right,
)
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.pipe_positions import (
    PIPES,
    PipePositions,
    Position,
    encode_position,
)
from fuguemux.persistence.storage.small_file import read_small, remove_small, write_small

STORAGE = RealStorage()
GOLDEN = Path(__file__).parents[3] / "formats"


def broken(path: Path, how: str) -> None:
    path.unlink()
    match how:
        case "empty":
            path.write_bytes(b"")
        case "NULs":
            path.write_bytes(bytes(4096))
        case "garbage":
            path.write_bytes(os.urandom(500))
        case "cut off":
            path.write_bytes(encode(path.name, b"x" * 50)[:-1])
        case "swapped":
            path.write_bytes(encode("another", b"x"))
        case "directory":
            path.mkdir()
        case "link":
            path.symlink_to("/etc/passwd")
        case "fifo":
            os.mkfifo(path)
        case "size":
            path.write_bytes(b"")
            os.truncate(path, 1 << 40)  # a hole: more than memory holds
    if path.is_file() and not path.is_symlink():
        path.chmod(0o600)


@pytest.mark.parametrize("name", WAS)
@pytest.mark.parametrize(
    "how", ["empty", "NULs", "garbage", "cut off", "swapped", "directory", "link", "fifo", "size"]
)
def test_what_cannot_be_used_is_set_aside_and_told(tmp_path: Path, name: str, how: str) -> None:
    path = tmp_path / name
    path.write_bytes((GOLDEN / "helper-2" / name).read_bytes())
    broken(path, how)
    assert helper_or_nothing(STORAGE, str(tmp_path), name) == b""
    [line] = put_right(STORAGE, str(tmp_path), 7)
    assert line.startswith(f"{name}: ")
    assert line.endswith(f"it is set aside as quarantine/7-{name}")
    assert os.path.lexists(tmp_path / "quarantine" / f"7-{name}")
    write_small(STORAGE, str(tmp_path), name, b"new")
    assert read_small(STORAGE, str(tmp_path), name, lambda _data: False) == b"new"


def test_every_flipped_bit_is_noticed() -> None:
    whole = encode("zone", b"/run/x")
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        try:
            payload = decode("zone", bytes(data))
        except HelperDamaged:
            continue
        assert payload is None
        assert not WAS["zone"](bytes(data))


def test_pipes_are_looked_through(tmp_path: Path) -> None:
    assert put_pipes_right(STORAGE, str(tmp_path), 7) == []
    pipes = tmp_path / "pipes"
    pipes.mkdir()
    (pipes / "1").write_bytes(encode_position(Position(1, 2)))
    (pipes / "2").write_bytes(bytes(44))
    assert len(put_pipes_right(STORAGE, str(tmp_path), 7)) == 1
    assert [path.name for path in pipes.iterdir()] == ["1"]
    (pipes / "1").unlink()
    pipes.rmdir()
    pipes.write_text("no directory")
    assert len(put_pipes_right(STORAGE, str(tmp_path), 7)) == 1


@pytest.mark.parametrize("size", [45, 1 << 40])
def test_a_pipe_of_another_size_is_told_and_its_place_is_kept(tmp_path: Path, size: int) -> None:
    (tmp_path / PIPES).mkdir()
    path = tmp_path / PIPES / "3"
    path.write_bytes(encode_position(Position(1, 2)))
    os.truncate(path, size)
    [line] = put_pipes_right(STORAGE, str(tmp_path), 7)
    moved = "it is set aside as quarantine/7-3, and its place is kept"
    assert line == f"pipes/3: it has {size} bytes instead of 44; {moved}"
    assert (tmp_path / "quarantine" / "7-3").stat().st_size == size
    assert PipePositions(STORAGE, str(tmp_path)).read(PaneId(3), 1) == Position(1, 2)
    assert put_pipes_right(STORAGE, str(tmp_path), 8) == []


def test_writing_and_removing_move_what_is_in_the_way(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "within").mkdir(parents=True)
    write_small(STORAGE, str(tmp_path), "a", b"new")
    remove_small(STORAGE, str(tmp_path), "b")
    remove_small(STORAGE, str(tmp_path), "b")
    assert {path.name for path in (tmp_path / "quarantine").iterdir()} == {"a", "b"}
    assert read_small(STORAGE, str(tmp_path), "a", lambda _data: False) == b"new"


def test_a_disk_that_refuses_leaves_it_as_it_was(tmp_path: Path) -> None:
    class Full(RealStorage):
        def fsync(self, file: int) -> None:
            raise OSError(errno.ENOSPC, "full")

    write_small(STORAGE, str(tmp_path), "a", b"old")
    with pytest.raises(OSError, match="full"):
        write_small(Full(), str(tmp_path), "a", b"new")
    assert read_small(STORAGE, str(tmp_path), "a", lambda _data: False) == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", MARKS)
def test_a_mark_holds_a_record_or_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"garbage")
    [line] = put_right(STORAGE, str(tmp_path), 7)
    assert line.startswith(f"{name}: it contains nothing that fugue wrote")
    for version in ("helper-1", "helper-2"):
        (tmp_path / name).write_bytes((GOLDEN / version / name).read_bytes())
        assert put_right(STORAGE, str(tmp_path), 7) == []
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    assert len(put_right(STORAGE, str(tmp_path), 7)) == 1
    assert not (tmp_path / name).exists()


def test_what_is_no_pipe_of_ours_is_set_aside_and_never_removed(tmp_path: Path) -> None:
    directory = tmp_path / PIPES
    directory.mkdir()
    whole = encode_position(Position(1, 2))
    for name in ("notes", "03", "4"):
        (directory / name).write_bytes(whole)
    (directory / "5").write_bytes(b"somebody's")
    PipePositions(STORAGE, str(tmp_path)).forget_others(())
    assert {path.name for path in directory.iterdir()} == {"notes", "03", "5"}
    PipePositions(STORAGE, str(tmp_path)).begin(PaneId(5), Position(1, 2)).close(remove=True)
    assert (tmp_path / "quarantine" / "5").read_bytes() == b"somebody's"
    lines = put_pipes_right(STORAGE, str(tmp_path), 7)
    assert [line.partition(": ")[0] for line in lines] == ["pipes/03", "pipes/notes"]
    assert list(directory.iterdir()) == []
    assert (tmp_path / "quarantine" / "7-notes").read_bytes() == whole
