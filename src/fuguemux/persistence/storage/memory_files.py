"""A storage in memory, for a server that must write nothing to disk. Everything works, and ends with the process."""

import errno
import os
import threading
from collections.abc import Sequence

from fuguemux.persistence.storage.files import Bytes


class MemoryStorage:
    """Implements files.Storage. Safe to call from several threads. All files disappear with the process."""

    def __init__(self) -> None:
        self._files: dict[str, bytearray] = {}
        self._directories: set[str] = set()
        self._open: dict[int, bytearray] = {}
        self._next = 1
        self._lock = threading.Lock()

    def create(self, path: str) -> int:
        """Create an empty file. Raises FileExistsError if there is one."""
        with self._lock:
            if path in self._files:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
            if os.path.dirname(path) not in self._directories:
                raise _missing(path)
            self._files[path] = bytearray()
            return self._handle(self._files[path])

    def open(self, path: str, *, writable: bool = False) -> int:
        """A handle of an existing file."""
        del writable
        with self._lock:
            return self._handle(self._file(path))

    def _handle(self, content: bytearray) -> int:
        handle, self._next = self._next, self._next + 1
        self._open[handle] = content
        return handle

    def _file(self, path: str) -> bytearray:
        try:
            return self._files[path]
        except KeyError:
            raise _missing(path) from None

    def close(self, file: int) -> None:
        """Close the handle."""
        with self._lock:
            self._open.pop(file, None)

    def pwrite(self, file: int, data: Bytes, offset: int) -> int:
        """Write all of it."""
        with self._lock:
            content = self._open[file]
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data
        return len(data)

    def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
        """Write all of it."""
        return self.pwrite(file, b"".join(parts), offset)

    def pread(self, file: int, size: int, offset: int) -> bytes:
        """A copy of the bytes."""
        with self._lock:
            return bytes(self._open[file][offset : offset + size])

    def fdatasync(self, file: int) -> None:
        """Do nothing: memory cannot become more durable."""

    def fsync(self, file: int) -> None:
        """As `fdatasync`."""

    def fsync_directory(self, path: str) -> None:
        """As `fdatasync`."""

    def rename(self, source: str, target: str) -> None:
        """Give the file another name."""
        with self._lock:
            content = self._file(source)
            self._files[target] = content
            del self._files[source]

    def unlink(self, path: str) -> None:
        """Remove a name. Open handles still work."""
        with self._lock:
            self._file(path)
            del self._files[path]

    def list(self, directory: str) -> list[str]:
        """The names in `directory`."""
        with self._lock:
            if directory not in self._directories:
                raise _missing(directory)
            every = (*self._files, *self._directories)
            return [os.path.basename(p) for p in every if os.path.dirname(p) == directory]

    def truncate(self, file: int, size: int) -> None:
        """Shorten the file, or extend it with zeros."""
        with self._lock:
            content = self._open[file]
            del content[size:]
            content.extend(bytes(size - len(content)))

    def make_directory(self, path: str) -> None:
        """Remember the name."""
        with self._lock:
            self._directories.add(path)

    def forget_cached(self, file: int) -> None:
        """Do nothing: there is no cache."""

    def size(self, file: int) -> int:
        """The file's size in bytes."""
        with self._lock:
            return len(self._open[file])

    def exists(self, path: str) -> bool:
        """Whether there is such a file or directory."""
        with self._lock:
            return path in self._files or path in self._directories


def _missing(path: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
