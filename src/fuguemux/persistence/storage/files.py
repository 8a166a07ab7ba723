"""The storage seam: the only module that opens files of a state directory, but for the lock in state_lock.py.

Everything that touches the disk goes through `Storage`, so that tests can put a disk under the
same code that loses what was not synced. `RealStorage` keeps files at 0600 and directories at
0700 whatever the umask is, follows no symbolic link in the last component, and refuses files
that belong to somebody else.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol, TypeVar

Bytes = bytes | bytearray | memoryview

FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700
READ_ALL_BYTES_MAX: Final = 256 << 20
"""Nothing that is read whole is larger."""
IOVEC_PARTS_MAX: Final = 1024
READ_TRIES_MAX: Final = 3
"""A loose cable or a path that fails over gives an error once. What is lasting is there at the third try, too."""
MIB: Final = 1 << 20
TEMPORARY_NAMES_MAX: Final = 8
"""So many are tried where something is in the way."""
_NOT_REMOVED: Final = frozenset({errno.EISDIR, errno.EPERM, errno.EBUSY})
"""How unlink(2) refuses a directory (EPERM by POSIX, EISDIR on Linux), a file that may not be removed, and a mount point."""
NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class FileRemoved(OSError):
    """The file was synced, but its name is gone: nobody will find it again."""

    def __init__(self) -> None:
        super().__init__(errno.ESTALE, "a file of the log was removed under the server")


class LinkedDirectory(NotADirectoryError):
    """A symbolic link to a directory is in the place of a directory: what is behind it may be somebody's only copy."""

    def __init__(self, path: str) -> None:
        super().__init__(
            errno.ENOTDIR,
            "a symbolic link, which is not followed: put the directory itself in its place "
            "(to keep the state elsewhere, set persistence.state_dir)",
            path,
        )


def reason_of(error: Exception) -> str:
    """Why something failed, for people: without the number of the error and without the path."""
    if isinstance(error, OSError):
        linked = error.errno == errno.ELOOP
        return "a symbolic link, which is not followed" if linked else error.strerror or str(error)
    return str(error)


Read = TypeVar("Read")


def persistently(read: Callable[[], Read]) -> Read:
    """What `read` returns. EIO is believed only after `READ_TRIES_MAX` tries in a row; other errors at once. Raises OSError.

    For what may be asked again without harm: opening for reading, listing, reading at an offset. Never for a sync: after
    a failed one the next says that all is well.
    """
    for _ in range(READ_TRIES_MAX - 1):
        try:
            return read()
        except OSError as error:
            if error.errno != errno.EIO:
                raise
    return read()


def room_words(storage: "Storage", directory: str, needed_bytes: int) -> str:
    """How much of the file system of `directory` is free and how much would be needed; empty where that is not to be had.

    A quota may allow less than is free: what is needed holds in either case.
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

    def forget_cached(self, file: int) -> None:
        """Have the next reads of bytes that are durable come from the disk itself, where the system offers that."""

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

    def _at(self, path: str) -> tuple[str, int | None]:
        """The name to use for `path`, and the descriptor of the directory that it is relative to (None: of none)."""
        return path, None

    def create(self, path: str) -> int:
        """Create `path` with mode 0600, whatever the umask."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        name, directory = self._at(path)
        file = os.open(name, flags, FILE_MODE, dir_fd=directory)
        os.fchmod(file, FILE_MODE)
        return file

    def open(self, path: str, *, writable: bool = False) -> int:
        """Open a regular file of ours; PermissionError if it belongs to somebody else."""
        flags = (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC | os.O_NOFOLLOW
        name, directory = self._at(path)
        # O_NONBLOCK: a FIFO put in a file's place must not hang the start.
        file = persistently(lambda: os.open(name, flags | os.O_NONBLOCK, dir_fd=directory))
        try:
            check_file(file, path)
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
        """One pread(2), again after EIO."""
        return persistently(lambda: os.pread(file, size, offset))

    def forget_cached(self, file: int) -> None:
        """posix_fadvise(2), POSIX_FADV_DONTNEED; where there is none, nothing."""
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
        """Make names created, renamed and removed in `path` durable."""
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
        """Create a 0700 directory, or make the one that is there private; it must be ours. LinkedDirectory: a link to one."""
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
        """Whether the name is there (a dangling link counts)."""
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
    """Raise PermissionError unless it is a directory of ours; we alone may enter it from here on. People are told `path`."""
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
    """Raise OSError unless the open file is a regular one and ours."""
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
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
    """The whole content of `path`. Raises OSError, also for a file of more than `READ_ALL_BYTES_MAX`: its size has rotted."""
    file = storage.open(path)
    try:
        size = storage.size(file)
        if size > READ_ALL_BYTES_MAX:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
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


def _free_temporary(storage: Storage, target: str) -> str:
    """A name for what is to take the place of `target`: what was left over there is removed. Raises OSError.

    A directory of a person, or a file that cannot be removed, is left alone. It must not keep `target` from being written.
    """
    for number in range(TEMPORARY_NAMES_MAX):
        temporary = f"{target}.{number}.tmp" if number else f"{target}.tmp"
        try:
            storage.unlink(temporary)
        except FileNotFoundError:
            return temporary
        except OSError as error:
            if error.errno not in _NOT_REMOVED:
                raise
        else:
            return temporary
    # Not an error of the target's own: nobody is to move that out of the way.
    raise OSError(
        errno.EBUSY, "what is in the place of its temporary files cannot be removed", target
    )


@contextmanager
def replacing(
    storage: Storage, directory: str, name: str, *, durable: bool = True
) -> Iterator[int]:
    """Hand out a new file, which then takes the place of `directory`/`name`, whole and durable, or not at all.

    Temporary file, fsync, rename, directory fsync; without `durable` no fsync. Raises OSError; the temporary file is then
    removed where that is possible (a name ending in .tmp means nothing). Something in its place that is no file stays.
    """
    target = f"{directory}/{name}"
    temporary = _free_temporary(storage, target)
    file = storage.create(temporary)
    try:
        try:
            yield file
            if durable:
                storage.fsync(file)
        finally:
            storage.close(file)
        storage.rename(temporary, target)
        if durable:
            storage.fsync_directory(directory)
    except OSError:
        with contextlib.suppress(OSError):
            storage.unlink(temporary)
        raise


def write_atomically(
    storage: Storage, directory: str, name: str, parts: Sequence[Bytes], *, durable: bool = True
) -> str:
    """Give `directory`/`name` the content `parts`, as `replacing` does. Returns the path. Raises OSError."""
    with replacing(storage, directory, name, durable=durable) as file:
        if parts:
            write_all(storage, file, parts, 0)
    return f"{directory}/{name}"


def remove_tree(path: str) -> None:
    """Remove a directory with all that is in it; no link is followed. Raises OSError, with a part removed. Blocks."""
    shutil.rmtree(path)


def first_bytes(storage: Storage, path: str, size: int) -> bytes:
    """As many bytes of a file from its beginning on, fewer where it has no more; none if it cannot be read."""
    try:
        file = storage.open(path)
    except OSError:
        return b""
    try:
        return storage.pread(file, size, 0)
    except OSError:
        return b""
    finally:
        storage.close(file)
