"""Writes the progress of reading the log into a small file beside the socket, because no socket listens at that time.

Clients that wait for the server show its line. It is written at every step, and removed when everything is read.
"""

import contextlib
import os

from fuguemux.observe.failpoints import reach
from fuguemux.persistence.storage.files import MIB
from fuguemux.persistence.storage.state_lock import HeldStorage, StateLock
from fuguemux.persistence.storage.whole_files import write_atomically


class ReadingProgress(HeldStorage):
    """A storage that counts how much of the log has been read, until `done`."""

    def __init__(self, path: str, log_directory: str, lock: StateLock | None = None) -> None:
        """`path` is the file for the line. All bytes of the files in `log_directory` are expected to be read."""
        super().__init__(lock)
        self._path = path
        self._prefix = f"{log_directory}/"
        self._total = _bytes_below(log_directory)
        self._read = 0
        self._log_files: set[int] = set()
        self._active = self._total > 0
        self._told = ""
        self._tell()

    def open(self, path: str, *, writable: bool = False) -> int:
        """As `HeldStorage.open`."""
        file = super().open(path, writable=writable)
        if self._active and path.startswith(self._prefix):
            self._log_files.add(file)
        return file

    def close(self, file: int) -> None:
        """As `HeldStorage.close`."""
        self._log_files.discard(file)
        super().close(file)

    def pread(self, file: int, size: int, offset: int) -> bytes:
        """As `HeldStorage.pread`, and counts the bytes."""
        data = super().pread(file, size, offset)
        if file in self._log_files and data:
            self._read = min(self._read + len(data), self._total)
            self._tell()
        return data

    def done(self) -> None:
        """Remove the file: everything is read, or the start has failed."""
        self._active = False
        self._log_files.clear()
        with contextlib.suppress(OSError):
            self.unlink(self._path)

    def _tell(self) -> None:
        if not self._active:
            return
        percent = self._read * 100 // self._total
        line = f"recovering: {percent} % of {max(self._total // MIB, 1)} MiB of log\n"
        if line != self._told:
            self._told = line
            with contextlib.suppress(OSError):  # the file only informs clients
                directory, name = os.path.split(self._path)
                write_atomically(self, directory, name, [line.encode()], durable=False)
        reach("recovery.reading")


def _bytes_below(directory: str) -> int:
    try:
        return sum(entry.stat().st_size for entry in os.scandir(directory) if entry.is_file())
    except OSError:
        return 0
