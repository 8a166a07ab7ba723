"""Stores how far the commands of pipe-pane have read: `pipes/<pane>`, one file of 44 bytes for each open pipe.

     0       8          16        24      32       40      44
     | magic | begun_ms | passed  | pid   | start  | CRC   |
     | 8s    | u64      | u64     | u64   | u64    | u32   |

Little-endian. `begun_ms` distinguishes the pipe from an earlier one of the same pane. `passed` is the offset, in the pane's
output, of the next byte for the command. `pid` and `start` identify the command's process by its number and the kernel's
start time (0: not known). The CRC-32 covers the bytes before it.

The file is overwritten in place after every piece, by one write. It is never synced, because it is only used after a server
was killed, and not after the machine went down. Version 1 had another magic, and no CRC.
"""

import contextlib
import re
import struct
from collections.abc import Collection
from typing import Final, NamedTuple

from fuguemux.model.ids import PaneId
from fuguemux.persistence.storage.checksum import crc32
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.set_aside import quarantine_beside, set_aside

PIPES: Final = "pipes"
MAGIC: Final = b"FUGUEPI2"
MAGIC_1: Final = b"FUGUEPIP"
RECORD: Final = struct.Struct("<8sQQQQ")
CRC: Final = struct.Struct("<I")
BYTES: Final = RECORD.size + CRC.size
_NAME: Final = re.compile(r"0|[1-9][0-9]{0,19}")
assert BYTES == 44


class Position(NamedTuple):
    """The content of a file."""

    begun_ms: int
    passed: int
    pid: int = 0
    start: int = 0


def encode_position(position: Position) -> bytes:
    """The content of a file."""
    record = RECORD.pack(MAGIC, *position)
    return record + CRC.pack(crc32(record))


def decode_position(data: bytes) -> Position | None:
    """The position that `encode_position` encoded, or version 1 of it. None: it is neither."""
    if len(data) < RECORD.size:
        return None
    magic, *numbers = RECORD.unpack_from(data)
    whole = len(data) >= BYTES and CRC.unpack_from(data, RECORD.size) == (
        crc32(data[: RECORD.size]),
    )
    return Position(*numbers) if magic == MAGIC_1 or (magic == MAGIC and whole) else None


def is_pipe_name(name: str) -> bool:
    """Whether the name is that of a pipe's file: a pane's number."""
    return _NAME.fullmatch(name) is not None


def position_problem(storage: Storage, directory: str, name: str) -> str:
    """Why the file `name` in the directory of pipes is not a position of fugue. Empty: it is one. Raises nothing."""
    if not is_pipe_name(name):
        return "it is not called like a pane's pipe"
    try:
        handle = storage.open(f"{directory}/{name}")
    except OSError as error:
        return (error.strerror or str(error)).partition(";")[0]
    try:
        data, size = storage.pread(handle, BYTES, 0), storage.size(handle)
    except OSError as error:
        return error.strerror or str(error)
    finally:
        storage.close(handle)
    if decode_position(data) is None:
        return "its checksum does not match"
    whole = RECORD.size if data.startswith(MAGIC_1) else BYTES
    return "" if size == whole else f"it has {size} bytes instead of {whole}"


class PipeFile:
    """The open file of one pipe. Nothing raises, because a full disk must not end the pipe."""

    def __init__(self, storage: Storage, path: str, handle: int | None, position: Position) -> None:
        self._storage = storage
        self._path = path
        self._handle = handle
        self._position = position

    def passed(self, offset: int) -> None:
        """The command was given everything before `offset`."""
        self._write(self._position._replace(passed=offset))

    def process(self, pid: int, start: int) -> None:
        """The command runs as this process."""
        self._write(self._position._replace(pid=pid, start=start))

    def _write(self, position: Position) -> None:
        self._position = position
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._storage.pwrite(self._handle, encode_position(position), 0)

    def close(self, *, remove: bool) -> None:
        """Close the file; `remove`: delete it, because the pipe has ended."""
        handle, self._handle = self._handle, None
        with contextlib.suppress(OSError):
            if handle is not None:
                self._storage.close(handle)
            if remove:
                self._storage.unlink(self._path)


class PipePositions:
    """The files of one state directory. Blocks for some microseconds. Never raises if the disk refuses."""

    def __init__(self, storage: Storage, state_directory: str) -> None:
        self._storage = storage
        self._directory = f"{state_directory}/{PIPES}"

    def read(self, pane: PaneId, begun_ms: int) -> Position | None:
        """How far the pipe that began at `begun_ms` has read. None: unknown."""
        found = self.found(pane)
        return found if found is not None and found.begun_ms == begun_ms else None

    def found(self, pane: PaneId) -> Position | None:
        """The content of a pane's file, whichever pipe it belongs to. None: there is none."""
        try:
            handle = self._storage.open(f"{self._directory}/{pane}")
        except OSError:
            return None
        try:
            return decode_position(self._storage.pread(handle, BYTES, 0))
        except OSError:
            return None
        finally:
            self._storage.close(handle)

    def begin(self, pane: PaneId, position: Position) -> PipeFile:
        """Create a pipe's file, and replace an older one. Anything there that is no position is set aside."""
        path, handle = f"{self._directory}/{pane}", None
        with contextlib.suppress(OSError):
            self._storage.make_directory(self._directory)
            if self._storage.exists(path):
                if position_problem(self._storage, self._directory, str(pane)):
                    set_aside(self._storage, path, quarantine_beside(self._directory))
                else:
                    self._storage.unlink(path)
            handle = self._storage.create(path)
            self._storage.pwrite(handle, encode_position(position), 0)
        return PipeFile(self._storage, path, handle, position)

    def forget_others(self, panes: Collection[PaneId]) -> None:
        """Remove the files of pipes that have ended: all except those of `panes`.

        Files that are no positions stay. The next start sets them aside and reports them.
        """
        with contextlib.suppress(OSError):
            kept = {str(pane) for pane in panes}
            for name in self._storage.list(self._directory):
                if name not in kept and not position_problem(self._storage, self._directory, name):
                    self._storage.unlink(f"{self._directory}/{name}")
