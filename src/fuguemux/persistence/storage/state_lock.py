"""The state directory as one process holds it: locked against others, and in reach wherever it is moved.

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
    """Another server holds the state directory. Nothing was touched."""


class StateLock:
    """The lock on a state directory, and the directory itself; held until `release` or the end of the process.

    It belongs to the directory, not to the path: it goes along when the directory is moved.
    """

    def __init__(self, path: str, directory: int, lock: Lock) -> None:
        self.path = path
        """Where the directory was when it was locked, and where a start would look for it."""
        self.directory = directory
        """A descriptor of the directory."""
        self._lock = lock
        self._place = ""
        self.identity = identity_of(os.fstat(directory))
        """Device and inode of the directory."""

    def tell(self, place: str) -> None:
        """Write into the lock where this server listens, or `keeper.lock_file.STARTING` or `ENDING`."""
        self._place = place
        self._lock.tell(place)

    def in_place(self) -> bool:
        """Whether the path leads to the directory: what stands there otherwise is not ours to write to."""
        try:
            return identity_of(os.stat(self.path, follow_symlinks=False)) == self.identity
        except OSError:
            return False

    def holds_name(self) -> bool:
        """Whether the file that is locked is still the one that another server would lock."""
        return self._lock.named()

    def renew(self) -> None:
        """Lock the directory anew if somebody has removed the file. Raises StateLocked."""
        if not self._lock.renew():
            raise StateLocked(_in_use(self.path, _holder(self.path)))

    def log_made(self) -> None:
        """The directory of the log was made, or made again: it is locked as well."""
        self._lock.renew()
        self._lock.tell(self._place)

    def become(self, other: "StateLock") -> "StateLock":
        """Hold what `other` holds from now on; a lock on what was held before, for the caller to release."""
        before = StateLock(self.path, self.directory, self._lock)
        self.path, self.directory, self._lock = other.path, other.directory, other._lock
        self.identity = other.identity
        if self._place:
            self._lock.tell(self._place)
        return before

    def release(self) -> None:
        """Let another server in. The file stays, so that nobody locks a removed one."""
        if self.directory >= 0:
            self._lock.release()
            os.close(self.directory)
            self.directory = -1


class HeldStorage(RealStorage):
    """Files of a state directory that is locked, reached through its descriptor: it may be moved, and even unmounted.

    Paths below the lock's path are relative to the directory that is locked, wherever that is. What is elsewhere is
    reached by its path.
    """

    def __init__(self, lock: StateLock | None) -> None:
        """Without a lock it is as RealStorage."""
        self._lock = lock
        self.former: StateLock | None = None
        """The directory that was locked before: files that are not in the present one are read there."""

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
        """As RealStorage; what is to be read may be in the former directory."""
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
        """What is in the former directory at the path of `directory`; nothing if there is none."""
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
    """One file of a directory that is not written any more."""

    def __init__(self, name: str, directory: int) -> None:
        self._place = (name, directory)

    def _at(self, path: str) -> tuple[str, int | None]:
        return self._place


def identity_of(status: os.stat_result) -> tuple[int, int]:
    """Device and inode: no two files have both."""
    return status.st_dev, status.st_ino


def lock_state_directory(path: str) -> StateLock:
    """Take the state directory for this process, or raise StateLocked, which says who has it.

    Creates the directory (and its parents) privately when it is missing. The lock is flock(2) on `LOCK` inside and on
    the directory of the log, close-on-exec, so a pane's shell never holds it.
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
        time.sleep(RETRY_SECONDS)  # somebody may only have looked who has it
    raise StateLocked(_in_use(path, _holder(path)))


def _holder(path: str) -> LockHolder | None:
    return holder_of(f"{path}/{LOCK_NAME}", f"{path}/{LOG_DIRECTORY}")


def is_locked(path: str) -> bool:
    """Whether a process has the state directory at `path`. Changes nothing."""
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
    """See to it that a new directory, whose parents may be new as well, is still found after a power failure."""
    storage = RealStorage()
    for parent in Path(path).parents:
        with contextlib.suppress(PermissionError):  # then it is not ours, and not new
            storage.fsync_directory(str(parent))
        if os.path.ismount(parent):
            break
