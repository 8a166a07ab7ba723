"""Locks the state directory for one process, and keeps it accessible if it is moved.

The lock is flock(2) on a file inside, so it belongs to the directory and not to the path. Part of the storage seam.
"""

import contextlib
import errno
import os
import time
from pathlib import Path
from typing import Final

from fuguemux.keeper.lock_file import (
    ENDING,
    LOG_DIRECTORY,
    SERVER_LOCK,
    Lock,
    LockHolder,
    holder_of,
)
from fuguemux.persistence.storage.files import DIRECTORY_MODE, RealStorage

LOCK_NAME: Final = SERVER_LOCK
ATTEMPTS_MAX: Final = 10
RETRY_SECONDS: Final = 0.005


class StateLocked(Exception):
    """Another server has the state directory. Nothing was changed."""


class StateLock:
    """The lock on a state directory, and the directory itself, until `release` or the end of the process.

    The lock belongs to the directory, not to the path, so it remains when the directory is moved.
    """

    def __init__(self, path: str, directory: int, lock: Lock) -> None:
        self.path = path
        """The path of the directory when it was locked, at which a start would look for it."""
        self.directory = directory
        """A descriptor of the directory."""
        self._lock = lock
        self._place = ""
        self.identity = identity_of(os.fstat(directory))
        """Device and inode of the directory."""

    def tell(self, place: str) -> None:
        """Write into the lock at which path this server listens, or `keeper.lock_file.STARTING` or `ENDING`."""
        self._place = place
        self._lock.tell(place)

    def in_place(self) -> bool:
        """Whether the path leads to the locked directory. If not, this server must not write to what is at the path."""
        try:
            return identity_of(os.stat(self.path, follow_symlinks=False)) == self.identity
        except OSError:
            return False

    def holds_name(self) -> bool:
        """Whether the locked file is still the one that another server would lock."""
        return self._lock.named()

    def renew(self) -> None:
        """Lock the directory again if its lock file was removed. Raises StateLocked."""
        if not self._lock.renew():
            raise StateLocked(_in_use(self.path, _holder(self.path)))

    def log_made(self) -> None:
        """Lock the directory of the log, which was created or created again."""
        self._lock.renew()
        self._lock.tell(self._place)

    def become(self, other: "StateLock") -> "StateLock":
        """Take over what `other` has locked. Returns a lock on what was locked before, which the caller must release."""
        before = StateLock(self.path, self.directory, self._lock)
        self.path, self.directory, self._lock = other.path, other.directory, other._lock
        self.identity = other.identity
        if self._place:
            self._lock.tell(self._place)
        return before

    def release(self) -> None:
        """Release the lock. The file stays, so that no server locks a removed file."""
        if self.directory >= 0:
            self._lock.release()
            os.close(self.directory)
            self.directory = -1


class HeldStorage(RealStorage):
    """The files of a locked state directory, accessed through its descriptor, even if it is moved or unmounted.

    Paths below the lock's path are relative to the locked directory, wherever that is. Other paths are used as they
    are.
    """

    def __init__(self, lock: StateLock | None) -> None:
        """Without a lock it behaves as RealStorage."""
        self._lock = lock
        self.former: StateLock | None = None
        """The directory that was locked before. Files that are missing in the present one are read there."""

    def _at(self, path: str) -> tuple[str, int | None]:
        return self._below(path, self._lock)

    @staticmethod
    def _below(path: str, lock: StateLock | None) -> tuple[str, int | None]:
        if lock is None:
            return path, None
        if path == lock.path:
            return ".", lock.directory
        prefix = f"{lock.path}/"
        if path.startswith(prefix):
            return path[len(prefix) :], lock.directory
        return path, None

    def open(self, path: str, *, writable: bool = False) -> int:
        """As RealStorage. A file to be read may be in the former directory."""
        try:
            return super().open(path, writable=writable)
        except FileNotFoundError:
            former = self.former
            if former is None or writable:
                raise
        name, directory = self._below(path, former)
        if directory is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return _FormerStorage(name, directory).open(path)

    def former_names(self, directory: str) -> list[str]:
        """The names in the former directory at the path of `directory`. Empty if there is none."""
        if self.former is None:
            return []
        name, descriptor = self._below(directory, self.former)
        if descriptor is None:
            return []
        try:
            return _FormerStorage(name, descriptor).list(directory)
        except OSError:
            return []


class _FormerStorage(RealStorage):
    """A file of a directory that is not written any more. Only reads are allowed."""

    def __init__(self, name: str, directory: int) -> None:
        self._place = (name, directory)

    def _at(self, path: str) -> tuple[str, int | None]:
        return self._place


def identity_of(status: os.stat_result) -> tuple[int, int]:
    """Device and inode, which identify a file."""
    return status.st_dev, status.st_ino


def lock_state_directory(path: str) -> StateLock:
    """Lock the state directory for this process. Raises StateLocked, which names the process that has it.

    Creates the directory and its parents with mode 0700 if they are missing. The lock is flock(2) on `LOCK` inside
    and on the directory of the log. It is close-on-exec, so a pane's shell never has it.
    """
    Path(path).parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    RealStorage().make_directory(path)
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    lock = Lock(LOCK_NAME, LOG_DIRECTORY, within=directory)
    try:
        _take(lock, path)
    except BaseException:
        os.close(directory)
        raise
    if not os.path.lexists(f"{path}/{LOG_DIRECTORY}"):
        _make_name_durable(path)
    return StateLock(path, directory, lock)


def _take(lock: Lock, path: str) -> None:
    for _ in range(ATTEMPTS_MAX):
        if lock.take():
            return
        time.sleep(RETRY_SECONDS)  # another process may only have checked who has the lock
    raise StateLocked(_in_use(path, _holder(path)))


def _holder(path: str) -> LockHolder | None:
    return holder_of(f"{path}/{LOCK_NAME}", f"{path}/{LOG_DIRECTORY}")


def is_locked(path: str) -> bool:
    """Whether a process has locked the state directory at `path`. Changes nothing."""
    return _holder(path) is not None


def _in_use(path: str, holder: LockHolder | None) -> str:
    who = f"process {holder.pid}" if holder is not None and holder.pid else "another process"
    text = f"state directory {path} is in use by {who}"
    if holder is not None and holder.path:
        text += f", a server that listens on {holder.path}"
    elif holder is not None and holder.place == ENDING:
        return f"{text}, a server that is ending: try again"
    return f"{text}: use that one, or set persistence.state_dir to another directory"


def _make_name_durable(path: str) -> None:
    """Make a new directory durable, whose parents may be new as well."""
    storage = RealStorage()
    for parent in Path(path).parents:
        with contextlib.suppress(PermissionError):  # another user's, so not new
            storage.fsync_directory(str(parent))
        if os.path.ismount(parent):
            break
