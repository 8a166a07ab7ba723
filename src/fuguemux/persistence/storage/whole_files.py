"""Reads and writes whole files through the storage seam: written to the last byte, read at once, replaced atomically."""

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from fuguemux.persistence.storage.files import IOVEC_PARTS_MAX, Bytes, Storage

READ_ALL_BYTES_MAX: Final = 256 << 20
"""The largest file that is read as a whole."""
TEMPORARY_NAMES_MAX: Final = 8
"""How many names are tried if something is in the place of a temporary file."""
_NOT_REMOVED: Final = frozenset({errno.EISDIR, errno.EPERM, errno.EBUSY})
"""The errors of unlink(2) for a directory (EPERM by POSIX, EISDIR on Linux), a file that must not be removed, and a
mount point."""


def write_all(storage: Storage, file: int, parts: Sequence[Bytes], offset: int) -> int:
    """Write all bytes of `parts` at `offset`, even after short writes. Returns the number of bytes written.

    Raises OSError. Bytes that were written before stay written.
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
    """The rest of `parts` after the first `done` bytes."""
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
    """The whole content of `path`. Raises OSError, also for a file above `READ_ALL_BYTES_MAX`, whose size must be
    damage."""
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
    """A name for the temporary file that is to replace `target`. Removes a remaining one. Raises OSError.

    A user's directory, or a file that cannot be removed, is not touched, and another name is tried, so that `target`
    can still be written.
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
    # The error is not about the target itself, so that no caller moves the target away.
    raise OSError(
        errno.EBUSY, "what is in the place of its temporary files cannot be removed", target
    )


@contextmanager
def replacing(
    storage: Storage, directory: str, name: str, *, durable: bool = True
) -> Iterator[int]:
    """A context with a new file, which then replaces `directory`/`name`, whole and durable, or not at all.

    Temporary file, fsync, rename, directory fsync; without `durable` no fsync. Raises OSError after removing the
    temporary file where that is possible (files whose names end in .tmp are ignored). Anything in its place that is
    no file stays.
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
    """Replace `directory`/`name` by the content `parts`, as `replacing` does. Returns the path. Raises OSError."""
    with replacing(storage, directory, name, durable=durable) as file:
        if parts:
            write_all(storage, file, parts, 0)
    return f"{directory}/{name}"


def first_bytes(storage: Storage, path: str, size: int) -> bytes:
    """Up to this many bytes from the beginning of a file; none if it cannot be read."""
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
