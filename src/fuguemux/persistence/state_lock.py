"""The state directory as one process holds it: locked against others, and in reach wherever it is moved.

The lock is flock(2) on a file inside, so it belongs to the directory and not to the path. Part of the storage seam.
"""

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from typing import Final

from fuguemux.persistence.files import DIRECTORY_MODE, FILE_MODE, RealStorage, check_file

LOCK_NAME: Final = "LOCK"


class StateLocked(Exception):
    """Another server holds the state directory. Nothing was touched."""


class StateLock:
    """The lock on a state directory, and the directory itself; held until `release` or the end of the process.

    It belongs to the directory, not to the path: it goes along when the directory is moved.
    """

    def __init__(self, path: str, directory: int, file: int) -> None:
        self.path = path
        """Where the directory was when it was locked, and where a start would look for it."""
        self.directory = directory
        """A descriptor of the directory."""
        self._file = file
        self.identity = _identity(os.fstat(directory))
        """Device and inode of the directory."""

    def holds_name(self) -> bool:
        """Whether the file that is locked is still the one that another server would lock."""
        try:
            named = os.stat(LOCK_NAME, dir_fd=self.directory, follow_symlinks=False)
        except OSError:
            return False
        return _identity(named) == _identity(os.fstat(self._file))

    def renew(self) -> None:
        """Lock the directory anew, because somebody has removed the file. Raises StateLocked, OSError."""
        file = _lock_file(self.path, self.directory)
        os.close(self._file)
        self._file = file

    def become(self, other: "StateLock") -> "StateLock":
        """Hold what `other` holds from now on; a lock on what was held before, for the caller to release."""
        before = StateLock(self.path, self.directory, self._file)
        self.path, self.directory, self._file = other.path, other.directory, other._file
        self.identity = other.identity
        return before

    def release(self) -> None:
        """Let another server in. The file stays, so that nobody locks a removed one."""
        if self._file >= 0:
            os.close(self._file)
            os.close(self.directory)
            self._file = self.directory = -1


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


class _FormerStorage(RealStorage):
    """One file of a directory that is not written any more."""

    def __init__(self, name: str, directory: int) -> None:
        self._place = (name, directory)

    def _at(self, path: str) -> tuple[str, int | None]:
        return self._place


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def lock_state_directory(path: str) -> StateLock:
    """Take the state directory for this process, or raise StateLocked naming who has it.

    Creates the directory (and its parents) privately when it is missing. The lock is flock(2)
    on `LOCK` inside, close-on-exec, so a pane's shell never holds it.
    """
    Path(path).parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    RealStorage().make_directory(path)
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        file = _lock_file(path, directory)
    except BaseException:
        os.close(directory)
        raise
    lock = StateLock(path, directory, file)
    if not os.path.lexists(f"{path}/wal"):
        _make_name_durable(path)
    return lock


def _lock_file(path: str, directory: int) -> int:
    """The locked `LOCK` in a state directory. Raises StateLocked, OSError."""
    name = f"{path}/{LOCK_NAME}"
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    file = os.open(LOCK_NAME, flags, FILE_MODE, dir_fd=directory)
    try:
        check_file(file, name)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(file, FILE_MODE)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()} {_boot_id()}\n".encode(), 0)
    except BlockingIOError as taken:
        holder = os.pread(file, 128, 0).decode("ascii", "replace").split()
        os.close(file)
        who = f"process {holder[0]}" if holder else "another process"
        raise StateLocked(
            f"state directory {path} is in use by {who}: "
            "stop that server first, or choose another state directory"
        ) from taken
    except OSError:
        os.close(file)
        raise
    return file


def is_locked(path: str) -> bool:
    """Whether a process has the state directory at `path`. Changes nothing."""
    try:
        file = os.open(f"{path}/{LOCK_NAME}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def _make_name_durable(path: str) -> None:
    """See to it that a new directory, whose parents may be new as well, is still found after a power failure."""
    storage = RealStorage()
    for parent in Path(path).parents:
        with contextlib.suppress(PermissionError):  # then it is not ours, and not new
            storage.fsync_directory(str(parent))
        if os.path.ismount(parent):
            break


def _boot_id() -> str:
    """The kernel's name for this boot, or "-" where there is none."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as source:
            return source.read().strip() or "-"
    except OSError:
        return "-"
