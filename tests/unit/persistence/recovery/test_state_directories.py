"""A start handles anything that is in the place of its directories."""

import os
from pathlib import Path

import pytest

from fuguemux.persistence.recovery.ownership import NotOurs
from fuguemux.persistence.recovery.recovery import Recovered, recover
from fuguemux.persistence.recovery.state_directories import ALWAYS, WHEN_NEEDED
from fuguemux.persistence.storage.files import LinkedDirectory, RealStorage
from tests.support.faults import require

STORAGE = RealStorage()
EVERY = (*ALWAYS, *WHEN_NEEDED)


def started(state: Path, *, read_only: bool = False) -> Recovered:
    return recover(
        STORAGE,
        str(state),
        now_ms=lambda: 7,
        monotonic=lambda: 0.0,
        new_store_id=bytes(16),
        read_only=read_only,
    )


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """One that a start has made."""
    started(tmp_path)
    for name in WHEN_NEEDED:
        (tmp_path / name).mkdir(0o700)
    return tmp_path


def in_place(path: Path, how: str) -> None:
    path.rmdir()
    match how:
        case "file":
            path.write_text("no directory")
        case "dangling link":
            path.symlink_to("nowhere")
        case "link to itself":
            path.symlink_to(path.name)
        case "link to a file":
            path.symlink_to("/etc/passwd")
        case "fifo":
            os.mkfifo(path)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    "how", ["file", "dangling link", "link to itself", "link to a file", "fifo"]
)
def test_what_is_no_directory_is_set_aside_and_told(state: Path, name: str, how: str) -> None:
    in_place(state / name, how)
    report = started(state).report
    [line] = [note for note in report.notes if note.startswith(f"{name}: ")]
    where = line.rpartition(" ")[2]
    assert where.startswith(f"quarantine/7-{name}")
    assert os.path.lexists(state / where)
    if name in ALWAYS:
        assert (state / name).is_dir()
    gone = f"the directory {name} is gone"
    assert [part.startswith(gone) for part in report.missing] == (
        [True] if name in ("wal", "checkpoints") else []
    )
    assert started(state).report.notes == []


def test_all_of_them_at_once(state: Path) -> None:
    for name in EVERY:
        in_place(state / name, "file")
    assert len(started(state).report.notes) == len(EVERY)
    assert len(list((state / "quarantine").iterdir())) == len(EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_one_that_keeps_its_owner_out_lets_it_in_again(state: Path, name: str) -> None:
    (state / name).chmod(0)
    assert started(state).report.notes == []
    assert (state / name).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", EVERY)
def test_a_look_changes_nothing(state: Path, name: str) -> None:
    in_place(state / name, "file")
    started(state, read_only=True)
    assert (state / name).read_text() == "no directory"


@pytest.mark.parametrize("name", ALWAYS)
def test_a_link_to_a_directory_stays_and_is_refused(state: Path, name: str) -> None:
    (state / name).rename(state / "elsewhere")
    (state / name).symlink_to("elsewhere")
    with pytest.raises(LinkedDirectory, match="symbolic link"):
        started(state)
    assert (state / name).is_symlink()


@pytest.mark.parametrize("name", ALWAYS)
def test_one_of_somebody_else_is_refused_with_what_to_do(state: Path, name: str) -> None:
    require(root=True)
    os.chown(state / name, 1000, 1000)
    with pytest.raises(NotOurs, match=r"sudo chown -R"):
        started(state)


@pytest.mark.parametrize("name", WHEN_NEEDED)
def test_one_of_somebody_else_that_a_start_does_without_is_left_alone(
    state: Path, name: str
) -> None:
    require(root=True)
    os.chown(state / name, 1000, 1000)
    started(state)
    assert (state / name).stat().st_uid == 1000
