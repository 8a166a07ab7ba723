"""The real storage: private files, durable replacement, and the lock."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.state_lock import (
    HeldStorage,
    StateLocked,
    is_locked,
    lock_state_directory,
)
from fuguemux.persistence.storage.whole_files import (
    read_all,
    write_atomically,
)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request: pytest.FixtureRequest) -> object:
    before = os.umask(request.param)
    yield
    os.umask(before)
    return None


@pytest.mark.usefixtures("umask")
def test_files_and_directories_are_private_whatever_the_umask(tmp_path: Path) -> None:
    storage = RealStorage()
    directory = tmp_path / "state"
    storage.make_directory(str(directory))
    storage.close(storage.create(f"{directory}/f"))
    assert mode(directory) == 0o700
    assert mode(directory / "f") == 0o600


def test_an_open_directory_is_made_private(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    directory.mkdir()
    directory.chmod(0o755)
    RealStorage().make_directory(str(directory))
    assert mode(directory) == 0o700


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    storage = RealStorage()
    with pytest.raises(OSError) as refused:
        storage.open(f"{tmp_path}/link")
    assert refused.value.errno == errno.ELOOP
    with pytest.raises(FileExistsError):
        storage.create(f"{tmp_path}/link")


def test_a_fifo_is_refused_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="not a regular file"):
        RealStorage().open(f"{tmp_path}/fifo")


def test_a_directory_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(PermissionError, match="belongs to user"):
        RealStorage().make_directory(str(tmp_path))


def test_what_is_held_stays_in_reach_when_it_is_moved(tmp_path: Path) -> None:
    path = tmp_path / "state"
    lock = lock_state_directory(str(path))
    storage = HeldStorage(lock)
    storage.make_directory(f"{path}/wal")
    write_atomically(storage, f"{path}/wal", "old", [b"before"])
    path.rename(tmp_path / "moved")
    path.mkdir()
    assert read_all(storage, f"{path}/wal/old") == b"before"
    write_atomically(storage, f"{path}/wal", "new", [b"behind"])
    assert sorted(storage.list(f"{path}/wal")) == ["new", "old"]
    assert storage.exists(f"{path}/wal/new")
    storage.unlink(f"{path}/wal/old")
    assert [each.name for each in (tmp_path / "moved/wal").iterdir()] == ["new"]
    assert list(path.iterdir()) == [], "nothing of ours in a directory that is not locked"
    lock.release()


def test_another_directory_takes_over_and_the_former_is_only_read(tmp_path: Path) -> None:
    path = tmp_path / "state"
    lock = lock_state_directory(str(path))
    storage = HeldStorage(lock)
    write_atomically(storage, str(path), "pack", [b"of the past"])
    path.rename(tmp_path / "moved")
    storage.former = lock.become(lock_state_directory(str(path)))
    assert read_all(storage, f"{path}/pack") == b"of the past"
    with pytest.raises(FileNotFoundError):
        storage.open(f"{path}/pack", writable=True)
    with pytest.raises(FileNotFoundError):
        storage.unlink(f"{path}/pack")
    write_atomically(storage, str(path), "pack", [b"of today"])
    assert read_all(storage, f"{path}/pack") == b"of today"
    with pytest.raises(StateLocked):
        lock_state_directory(str(tmp_path / "moved"))
    storage.former.release()
    lock_state_directory(str(tmp_path / "moved")).release()
    with pytest.raises(StateLocked):
        lock_state_directory(str(path))
    lock.release()


def test_a_lock_that_somebody_removed_is_renewed(tmp_path: Path) -> None:
    path = tmp_path / "state"
    lock = lock_state_directory(str(path))
    (path / "LOCK").unlink()
    assert not lock.holds_name()
    other = lock_state_directory(str(path))
    with pytest.raises(StateLocked):
        lock.renew()
    other.release()
    lock.renew()
    assert lock.holds_name()
    with pytest.raises(StateLocked):
        lock_state_directory(str(path))
    lock.release()
    assert not is_locked(str(path))


def test_the_lock_names_its_holder_and_is_released(tmp_path: Path) -> None:
    path = str(tmp_path / "a" / "state")
    lock = lock_state_directory(path)
    with pytest.raises(StateLocked, match=f"in use by process {os.getpid()}"):
        lock_state_directory(path)
    lock.release()
    again = lock_state_directory(path)
    assert mode(Path(path) / "LOCK") == 0o600
    again.release()


def test_a_program_started_by_the_holder_does_not_hold_the_lock(tmp_path: Path) -> None:
    lock = lock_state_directory(str(tmp_path))
    child = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        close_fds=False,
    )
    try:
        assert child.stdout is not None
        child.stdout.readline()
        lock.release()
        lock_state_directory(str(tmp_path)).release()
    finally:
        child.communicate(b"\n")


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys, os; from fuguemux.persistence.storage.state_lock import lock_state_directory as lock\n"
        f"held = lock({str(tmp_path)!r}); print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(StateLocked, match=f"process {child.pid}"):
            lock_state_directory(str(tmp_path))
        child.kill()
        child.wait()
        lock_state_directory(str(tmp_path)).release()
