"""How far the commands of pipe-pane have got: `pipes/<pane>`, one file of 40 bytes for each pipe that is open.

     0       8          16        24      32       40
     | magic | begun_ms | passed  | pid   | start  |
     | 8s    | u64      | u64     | u64   | u64    |

Little-endian. `begun_ms` tells the pipe from an earlier one of the same pane; `passed` is the offset, in the pane's output, of
the next byte for the command; `pid` and `start` name the command's process by its number and the kernel's start time (0: not
known). `passed` is overwritten in place after every piece, by one write of eight bytes, and never synced: it is for a server
that was killed. After the machine went down nobody trusts it.
"""

import contextlib
import struct
from collections.abc import Collection
from typing import Final, NamedTuple

from fuguemux.model.ids import PaneId
from fuguemux.persistence.files import Storage

PIPES: Final = "pipes"
MAGIC: Final = b"FUGUEPIP"
RECORD: Final = struct.Struct("<8sQQQQ")
PASSED: Final = struct.Struct("<Q")
PASSED_OFFSET: Final = 16
PROCESS: Final = struct.Struct("<QQ")
PROCESS_OFFSET: Final = 24
assert RECORD.size == PROCESS_OFFSET + PROCESS.size == 40


class Position(NamedTuple):
    """What a file holds."""

    begun_ms: int
    passed: int
    pid: int = 0
    start: int = 0


class PipeFile:
    """The open file of one pipe. Nothing raises: a disk that takes no more must not end the pipe."""

    def __init__(self, storage: Storage, path: str, handle: int | None) -> None:
        self._storage = storage
        self._path = path
        self._handle = handle

    def passed(self, offset: int) -> None:
        """The command was given everything before `offset`."""
        self._write(PASSED.pack(offset), PASSED_OFFSET)

    def process(self, pid: int, start: int) -> None:
        """The command runs as this process."""
        self._write(PROCESS.pack(pid, start), PROCESS_OFFSET)

    def _write(self, data: bytes, offset: int) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._storage.pwrite(self._handle, data, offset)

    def close(self, *, remove: bool) -> None:
        """Let go of it; `remove`: the pipe is over."""
        handle, self._handle = self._handle, None
        with contextlib.suppress(OSError):
            if handle is not None:
                self._storage.close(handle)
            if remove:
                self._storage.unlink(self._path)


class PipePositions:
    """The files of one state directory. Blocks for some microseconds; never raises for a disk that does not take it."""

    def __init__(self, storage: Storage, state_directory: str) -> None:
        self._storage = storage
        self._directory = f"{state_directory}/{PIPES}"

    def read(self, pane: PaneId, begun_ms: int) -> Position | None:
        """How far the pipe that began at `begun_ms` had got; None: nothing tells."""
        try:
            handle = self._storage.open(f"{self._directory}/{pane}")
        except OSError:
            return None
        try:
            magic, *numbers = RECORD.unpack(self._storage.pread(handle, RECORD.size, 0))
        except (OSError, struct.error):
            return None
        finally:
            self._storage.close(handle)
        found = Position(*numbers)
        return found if magic == MAGIC and found.begun_ms == begun_ms else None

    def begin(self, pane: PaneId, position: Position) -> PipeFile:
        """A file in place of the one that there may be."""
        path, handle = f"{self._directory}/{pane}", None
        with contextlib.suppress(OSError):
            self._storage.make_directory(self._directory)
            with contextlib.suppress(FileNotFoundError):
                self._storage.unlink(path)
            handle = self._storage.create(path)
            self._storage.pwrite(handle, RECORD.pack(MAGIC, *position), 0)
        return PipeFile(self._storage, path, handle)

    def forget_others(self, panes: Collection[PaneId]) -> None:
        """Remove the files of pipes that are over: all but those of `panes`."""
        with contextlib.suppress(OSError):
            for name in self._storage.list(self._directory):
                if name not in {str(pane) for pane in panes}:
                    self._storage.unlink(f"{self._directory}/{name}")
