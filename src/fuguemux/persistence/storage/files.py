"""The storage seam: the only module that opens files of a state directory, except for the lock in state_lock.py.

Every access to the disk goes through `Storage`, so that tests can run the same code on a disk that loses what was not
synced. `RealStorage` gives files the mode 0600 and directories 0700 whatever the umask is, does not follow a symbolic
link in the last component of a path, and refuses files of other users.
"""

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

Bytes = bytes | bytearray | memoryview

FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700
IOVEC_PARTS_MAX: Final = 1024
READ_TRIES_MAX: Final = 3
"""A loose cable or a failover causes one error. A lasting error occurs at the third try as well."""
MIB: Final = 1 << 20
NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class FileRemoved(OSError):
    """The file was synced, but its name was removed, so no start will find it."""

    def __init__(self) -> None:
        super().__init__(errno.ESTALE, "a file of the log was removed under the server")


class LinkedDirectory(NotADirectoryError):
    """A symbolic link is in the place of a directory. The directory that it names may be the only copy of a state."""

    def __init__(self, path: str) -> None:
        super().__init__(
            errno.ENOTDIR,
            "a symbolic link, which is not followed: put the directory itself in its place "
            "(to keep the state elsewhere, set persistence.state_dir)",
            path,
        )


def reason_of(error: Exception) -> str:
    """Why something failed, for users: without the number of the error and without the path."""
    if isinstance(error, OSError):
        linked = error.errno == errno.ELOOP
        return "a symbolic link, which is not followed" if linked else error.strerror or str(error)
    return str(error)


Read = TypeVar("Read")


def persistently(read: Callable[[], Read]) -> Read:
    """Call `read`, up to `READ_TRIES_MAX` times while it fails with EIO, and return its result. Raises OSError.

    Use it for calls that can be repeated without harm: opening for reading, listing, reading at an offset. Never use
    it for a sync, because after a failed sync the next one reports success.
    """
    for _ in range(READ_TRIES_MAX - 1):
        try:
            return read()
        except OSError as error:
            if error.errno != errno.EIO:
                raise
    return read()


def room_words(storage: "Storage", directory: str, needed_bytes: int) -> str:
    """How much of the file system of `directory` is free and how much is needed. Empty if that is unknown.

    A quota may allow less than is free. What is needed is correct in any case.
    """
    if not isinstance(storage, RealStorage):
        return ""
    try:
        found = os.statvfs(directory)
    except OSError:
        return ""
    free = found.f_bavail * found.f_frsize
    return f"{free / MIB:.1f} MiB free, {needed_bytes / MIB:.1f} MiB needed"


class Storage(Protocol):
    """The operations of a file system that the log and the checkpoints need. Every method may raise OSError.

    Files are named by path and handled by small integers. Written bytes are durable only after `fdatasync` or `fsync`
    of the file; created, renamed and removed names only after `fsync_directory` of the directory.
    """

    def create(self, path: str) -> int:
        """Create `path` for reading and writing. Raises FileExistsError if it exists."""

    def open(self, path: str, *, writable: bool = False) -> int:
        """Open an existing file. Raises FileNotFoundError if it does not exist."""

    def close(self, file: int) -> None: ...

    def pwrite(self, file: int, data: Bytes, offset: int) -> int:
        """Write at `offset`; may write less than asked, as the system call may."""

    def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
        """As `pwrite`, of at most `IOVEC_PARTS_MAX` buffers in a row."""

    def pread(self, file: int, size: int, offset: int) -> bytes: ...

    def forget_cached(self, file: int) -> None:
        """Read durable bytes from the disk itself the next time, if the system has a call for that."""

    def fdatasync(self, file: int) -> None:
        """Make the file's bytes durable. Raises FileRemoved if the file has no name any more."""

    def fsync(self, file: int) -> None: ...

    def fsync_directory(self, path: str) -> None: ...

    def rename(self, source: str, target: str) -> None: ...

    def unlink(self, path: str) -> None: ...

    def list(self, directory: str) -> list[str]:
        """The names in `directory`, in any order."""

    def truncate(self, file: int, size: int) -> None: ...

    def make_directory(self, path: str) -> None:
        """Create `path`, readable by its owner only, unless it exists. Its parent must exist."""

    def size(self, file: int) -> int: ...

    def exists(self, path: str) -> bool: ...


class RealStorage:
    """The operating system's files. Blocking; safe to call from several threads."""

    def _at(self, path: str) -> tuple[str, int | None]:
        """The name to use for `path`, and the descriptor of the directory to which it is relative (None: no
        directory)."""
        return path, None

    def create(self, path: str) -> int:
        """Create `path` with mode 0600, whatever the umask."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        name, directory = self._at(path)
        file = os.open(name, flags, FILE_MODE, dir_fd=directory)
        os.fchmod(file, FILE_MODE)
        return file

    def open(self, path: str, *, writable: bool = False) -> int:
        """Open a regular file of the user. Raises PermissionError if it belongs to another user."""
        flags = (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC | os.O_NOFOLLOW
        name, directory = self._at(path)
        # O_NONBLOCK: opening a FIFO in the file's place must not block the start.
        file = persistently(lambda: os.open(name, flags | os.O_NONBLOCK, dir_fd=directory))
        try:
            check_file(file, path)
        except OSError:
            os.close(file)
            raise
        return file

    def close(self, file: int) -> None:
        """Close the handle. This does not sync anything."""
        os.close(file)

    def pwrite(self, file: int, data: Bytes, offset: int) -> int:
        """One pwrite(2)."""
        return os.pwrite(file, data, offset)

    def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
        """One pwritev(2)."""
        return os.pwritev(file, parts, offset)

    def pread(self, file: int, size: int, offset: int) -> bytes:
        """One pread(2), again after EIO."""
        return persistently(lambda: os.pread(file, size, offset))

    def forget_cached(self, file: int) -> None:
        """posix_fadvise(2), POSIX_FADV_DONTNEED. Does nothing on systems without it."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)

    def fdatasync(self, file: int) -> None:
        """Flush the file's bytes through the drive's cache (F_FULLFSYNC where there is one)."""
        full = getattr(fcntl, "F_FULLFSYNC", None)
        if full is not None:
            fcntl.fcntl(file, full)
        else:
            os.fdatasync(file)
        if os.fstat(file).st_nlink == 0:
            raise FileRemoved

    def fsync(self, file: int) -> None:
        """Flush the file's bytes and its metadata."""
        full = getattr(fcntl, "F_FULLFSYNC", None)
        if full is not None:
            fcntl.fcntl(file, full)
        else:
            os.fsync(file)

    def fsync_directory(self, path: str) -> None:
        """Make created, renamed and removed names in `path` durable."""
        directory = self._open_directory(path)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def rename(self, source: str, target: str) -> None:
        """Rename, replacing `target`."""
        old, old_directory = self._at(source)
        new, new_directory = self._at(target)
        os.rename(old, new, src_dir_fd=old_directory, dst_dir_fd=new_directory)

    def unlink(self, path: str) -> None:
        """Remove a name."""
        name, directory = self._at(path)
        os.unlink(name, dir_fd=directory)

    def list(self, directory: str) -> list[str]:
        """The names in `directory`."""
        descriptor = self._open_directory(directory)
        try:
            return persistently(lambda: os.listdir(descriptor))
        finally:
            os.close(descriptor)

    def truncate(self, file: int, size: int) -> None:
        """Set the file's size."""
        os.ftruncate(file, size)

    def make_directory(self, path: str) -> None:
        """Create a directory with mode 0700, or set this mode on an existing directory of the user. Raises
        LinkedDirectory for a link to one."""
        name, directory = self._at(path)
        try:
            os.mkdir(name, DIRECTORY_MODE, dir_fd=directory)
        except FileExistsError:
            _check_directory(name, directory, path)
        else:
            os.chmod(name, DIRECTORY_MODE, dir_fd=directory)

    def size(self, file: int) -> int:
        """The file's size in bytes."""
        return os.fstat(file).st_size

    def exists(self, path: str) -> bool:
        """Whether the name exists (a link to a missing file counts)."""
        name, directory = self._at(path)
        try:
            os.stat(name, dir_fd=directory, follow_symlinks=False)
        except (OSError, ValueError):
            return False
        return True

    def _open_directory(self, path: str) -> int:
        name, directory = self._at(path)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        return persistently(lambda: os.open(name, flags, dir_fd=directory))


def _check_directory(name: str, directory: int | None, path: str) -> None:
    """Raise OSError unless it is a directory of the user, and give it the mode 0700. Messages name `path`."""
    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode) and _leads_somewhere(name, directory):
        raise LinkedDirectory(path)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a directory; move it away", path)
    if status.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, f"belongs to user {status.st_uid}, not to you", path)
    if stat.S_IMODE(status.st_mode) & 0o777 != DIRECTORY_MODE:
        os.chmod(name, DIRECTORY_MODE, dir_fd=directory)


def _leads_somewhere(link: str, directory: int | None) -> bool:
    """Whether a symbolic link may lead to a directory."""
    try:
        return stat.S_ISDIR(os.stat(link, dir_fd=directory).st_mode)
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def check_file(file: int, path: str) -> None:
    """Raise OSError unless the open file is a regular file of the user."""
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
    if status.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, f"belongs to user {status.st_uid}, not to you", path)


def remove_tree(path: str) -> None:
    """Remove a directory and its content without following links. Blocks. Raises OSError after removing a part."""
    shutil.rmtree(path)
