"""What is at the path of a state directory that a process has locked."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuguemux.persistence.recovery.whereabouts import PARTS, PathState, Whereabouts
from fuguemux.persistence.storage.state_lock import StateLock, lock_state_directory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "above" / "state"


@pytest.fixture
def lock(path: Path) -> Iterator[StateLock]:
    lock = lock_state_directory(str(path))
    for part in PARTS:
        (path / part).mkdir()
    yield lock
    lock.release()


@pytest.fixture
def where(lock: StateLock, path: Path) -> Whereabouts:
    return Whereabouts(lock, str(path))


def test_moved_and_moved_back(where: Whereabouts, path: Path) -> None:
    assert where.look().place is PathState.HERE
    path.parent.rename(path.parent.with_name("moved"))
    assert where.look().place is PathState.GONE
    path.mkdir(parents=True)
    assert where.look().place is PathState.GONE, (
        "an empty one, as an unmounted file system leaves it"
    )
    (path / "LOCK").touch()
    assert where.look().place is PathState.GONE, "somebody has tried the lock"
    (path / "STORE").touch()
    assert where.look().place is PathState.OTHER
    shutil.rmtree(path.parent)
    path.parent.with_name("moved").rename(path.parent)
    assert where.look().place is PathState.HERE


def test_the_quick_look_sees_where_the_log_is(where: Whereabouts, path: Path) -> None:
    assert where.look_again().place is PathState.HERE
    path.rename(path.with_name("moved"))
    assert where.look_again().place is PathState.GONE
    path.with_name("moved").rename(path)
    assert where.look_again().place is PathState.HERE
    where.unfinished = True
    assert where.look_again().place is PathState.UNFINISHED
    where.unfinished = False
    (path / "wal").rename(path / "aside")
    assert where.look_again().place is PathState.PART_GONE


def test_a_file_and_a_link_are_other_directories(where: Whereabouts, path: Path) -> None:
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)
    assert where.look().place is PathState.OTHER, "a start would refuse it"
    path.unlink()
    path.write_text("")
    assert where.look().place is PathState.OTHER


def test_the_lock_is_part_of_it(where: Whereabouts, lock: StateLock, path: Path) -> None:
    (path / "LOCK").unlink()
    assert where.look().place is PathState.UNLOCKED
    (path / "LOCK").touch()
    assert where.look().place is PathState.UNLOCKED
    lock.renew()
    assert where.look().place is PathState.HERE


@pytest.mark.parametrize("part", PARTS)
def test_its_parts_are_part_of_it(where: Whereabouts, path: Path, part: str) -> None:
    (path / part).rename(path / "aside")
    found = where.look()
    assert (found.place, part in found.what) == (PathState.PART_GONE, True)
    (path / part).mkdir()
    assert where.look().place is PathState.PART_GONE
    (path / part / "x").touch()
    assert where.look().place is PathState.PART_OTHER
    where.settled()
    assert where.look().place is PathState.HERE
