"""The storage seam: the only module of persistence that opens files.

Everything that touches the disk goes through `Storage`, so that tests can put a disk under the
same code that loses what was not synced. `RealStorage` keeps files at 0600 and directories at
0700 whatever the umask is, follows no symbolic link in the last component, and refuses files
that belong to somebody else.
"""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

Bytes = bytes | bytearray | memoryview

FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700
IOVEC_PARTS_MAX: Final = 1024
LOCK_NAME: Final = "LOCK"
NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class StateLocked(Exception):
    """Another server holds the state directory. Nothing was touched."""


class FileRemoved(OSError):
    """The file was synced, but its name is gone: nobody will find it again."""

    def __init__(self) -> None:
        super().__init__(errno.ESTALE, "the state directory was removed under the server")


class Storage(Protocol):
    """What the log and the checkpoints need of a file system. Every method may raise OSError.

    Files are named by path and handled by small integers. Written bytes are durable only after
    `fdatasync` or `fsync` of the file; created, renamed and removed names only after
    `fsync_directory` of the directory.
    """

    def create(self, path: str) -> int:
        """Create `path` for reading and writing; FileExistsError if it is there."""

    def open(self, path: str, *, writable: bool = False) -> int:
        """Open an existing file; FileNotFoundError if it is not there."""

    def close(self, file: int) -> None: ...

    def pwrite(self, file: int, data: Bytes, offset: int) -> int:
        """Write at `offset`; may write less than asked, as the system call may."""

    def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
        """As `pwrite`, of at most `IOVEC_PARTS_MAX` buffers in a row."""

    def pread(self, file: int, size: int, offset: int) -> bytes: ...

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
        """Create `path` (its parent exists) unless it is there, private to its owner."""

    def size(self, file: int) -> int: ...

    def exists(self, path: str) -> bool: ...


class RealStorage:
    """The operating system's files. Blocking; safe to call from several threads."""

    def create(self, path: str) -> int:
        """Create `path` with mode 0600, whatever the umask."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(path, flags, FILE_MODE)
        os.fchmod(file, FILE_MODE)
        return file

    def open(self, path: str, *, writable: bool = False) -> int:
        """Open a regular file of ours; PermissionError if it belongs to somebody else."""
        flags = (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC | os.O_NOFOLLOW
        # O_NONBLOCK: a FIFO put in a file's place must not hang the start.
        file = os.open(path, flags | os.O_NONBLOCK)
        try:
            _check_file(file, path)
        except OSError:
            os.close(file)
            raise
        return file

    def close(self, file: int) -> None:
        """Close the handle; what was not synced is not synced by it."""
        os.close(file)

    def pwrite(self, file: int, data: Bytes, offset: int) -> int:
        """One pwrite(2)."""
        return os.pwrite(file, data, offset)

    def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
        """One pwritev(2)."""
        return os.pwritev(file, parts, offset)

    def pread(self, file: int, size: int, offset: int) -> bytes:
        """One pread(2)."""
        return os.pread(file, size, offset)

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
        """Make names created, renamed and removed in `path` durable."""
        directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def rename(self, source: str, target: str) -> None:
        """Rename, replacing `target`."""
        os.rename(source, target)

    def unlink(self, path: str) -> None:
        """Remove a name."""
        os.unlink(path)

    def list(self, directory: str) -> list[str]:
        """The names in `directory`."""
        return os.listdir(directory)

    def truncate(self, file: int, size: int) -> None:
        """Set the file's size."""
        os.ftruncate(file, size)

    def make_directory(self, path: str) -> None:
        """Create a 0700 directory, or check that the one that is there is ours and private."""
        try:
            os.mkdir(path, DIRECTORY_MODE)
        except FileExistsError:
            check_directory(path)
        else:
            os.chmod(path, DIRECTORY_MODE)

    def size(self, file: int) -> int:
        """The file's size in bytes."""
        return os.fstat(file).st_size

    def exists(self, path: str) -> bool:
        """Whether the name is there (a dangling link counts)."""
        return os.path.lexists(path)


def check_directory(path: str) -> None:
    """Raise PermissionError unless `path` is a directory of ours that nobody else may enter."""
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a directory; move it away", path)
    if status.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, f"belongs to user {status.st_uid}, not to you", path)
    if stat.S_IMODE(status.st_mode) & 0o077:
        os.chmod(path, DIRECTORY_MODE)


def _check_file(file: int, path: str) -> None:
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file; move it away", path)
    if status.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, f"belongs to user {status.st_uid}, not to you", path)


def write_all(storage: Storage, file: int, parts: Sequence[Bytes], offset: int) -> int:
    """Write every byte of `parts` at `offset`, going on after short writes; the bytes written.

    Raises OSError; what was written before it stays.
    """
    total = sum(map(len, parts))
    done = 0
    while done < total:
        rest = (_rest_of(parts, done) if done else parts)[:IOVEC_PARTS_MAX]
        at = offset + done
        one = len(rest) == 1
        step = storage.pwrite(file, rest[0], at) if one else storage.pwritev(file, rest, at)
        if step <= 0:
            raise OSError(errno.EIO, "the file takes no more bytes")
        done += step
    return total


def _rest_of(parts: Sequence[Bytes], done: int) -> list[Bytes]:
    """The buffers behind the first `done` bytes of `parts`."""
    rest: list[Bytes] = []
    for part in parts:
        size = len(part)
        if done >= size:
            done -= size
            continue
        rest.append(memoryview(part)[done:] if done else part)
        done = 0
    return rest


def read_all(storage: Storage, path: str) -> bytes:
    """The whole content of `path`. Raises OSError."""
    file = storage.open(path)
    try:
        size = storage.size(file)
        chunks: list[bytes] = []
        offset = 0
        while offset < size:
            chunk = storage.pread(file, size - offset, offset)
            if not chunk:
                break
            chunks.append(chunk)
            offset += len(chunk)
        return b"".join(chunks)
    finally:
        storage.close(file)


def write_atomically(storage: Storage, directory: str, name: str, parts: Sequence[Bytes]) -> str:
    """Give `directory`/`name` the content `parts`, whole and durable, or leave it as it was.

    Temporary file, fsync, rename, directory fsync. Returns the path. Raises OSError; the
    temporary file is then removed where that is possible (a name ending in .tmp means nothing).
    """
    target = f"{directory}/{name}"
    temporary = f"{target}.tmp"
    with contextlib.suppress(FileNotFoundError):
        storage.unlink(temporary)
    file = storage.create(temporary)
    try:
        try:
            if parts:
                write_all(storage, file, parts, 0)
            storage.fsync(file)
        finally:
            storage.close(file)
        storage.rename(temporary, target)
        storage.fsync_directory(directory)
    except OSError:
        with contextlib.suppress(OSError):
            storage.unlink(temporary)
        raise
    return target


class StateLock:
    """The lock on a state directory; held until `release` or the end of the process."""

    def __init__(self, file: int) -> None:
        self._file = file

    def release(self) -> None:
        """Let another server in. The file stays, so that nobody locks a removed one."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def lock_state_directory(path: str) -> StateLock:
    """Take the state directory for this process, or raise StateLocked naming who has it.

    Creates the directory (and its parents) privately when it is missing. The lock is flock(2)
    on `LOCK` inside, close-on-exec, so a pane's shell never holds it.
    """
    Path(path).parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    RealStorage().make_directory(path)
    name = f"{path}/{LOCK_NAME}"
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    file = os.open(name, flags, FILE_MODE)
    try:
        _check_file(file, name)
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
    if not os.path.lexists(f"{path}/wal"):
        _make_name_durable(path)
    return StateLock(file)


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
