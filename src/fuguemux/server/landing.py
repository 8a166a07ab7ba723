"""The landing zone: pane output is read straight into a shared mapping, so SIGKILL cannot lose what was read.

Between reading a PTY and writing the log, bytes exist in the reader only. Here the reader is the kernel's page cache:
`readv` copies into a mapped file that outlives the process, and a descriptor says beforehand whose bytes they will be.
The next server finds with `recover` what was read and perhaps not logged. Layout: docs/formats/landing.md.

The order of the states of a slot, each set by a single-byte store:

    FREE → READING (pane and offset are set) → FILLED (length too) → LOGGED → ANSWERED → FREE, then zeroed

It protects from the death of the process, not of the machine: after a reboot the zone is void (power loss is the
business of the log's fsync), which the boot id in the header tells.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import fcntl
import hashlib
import mmap
import os
import stat
import struct
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

SLOTS: Final = 16
SLOT_BYTES: Final = 64 << 10
SLOTS_OFFSET: Final = 4096  # a page for the header and the descriptors

MAGIC: Final = b"fugueLZ\x01"
_HEADER: Final = struct.Struct("<8sIII32s32s")  # magic, slots, bytes of a slot, 0, store, boot
_DESCRIPTORS_OFFSET: Final = 128
_DESCRIPTOR_BYTES: Final = 32
_DESCRIPTOR: Final = struct.Struct(
    "<QQI"
)  # pane, pane's byte offset, length; behind 8 bytes of which one is the state
_DESCRIPTOR_AT: Final = 8
_LENGTH: Final = struct.Struct("<I")
_LENGTH_AT: Final = _DESCRIPTOR_AT + 16
_ZEROS: Final = memoryview(bytes(SLOT_BYTES))
FILE_BYTES: Final = SLOTS_OFFSET + SLOTS * SLOT_BYTES
assert _HEADER.size <= _DESCRIPTORS_OFFSET
assert _DESCRIPTOR_AT + _DESCRIPTOR.size == _LENGTH_AT + _LENGTH.size <= _DESCRIPTOR_BYTES
assert _DESCRIPTORS_OFFSET + SLOTS * _DESCRIPTOR_BYTES <= SLOTS_OFFSET

FREE: Final = 0
READING: Final = 1
FILLED: Final = 2
LOGGED: Final = 3
ANSWERED: Final = 4

READ_ON_BYTES_MIN: Final = (
    256  # a shorter read has most likely emptied the terminal: do not ask again
)
ROOM_BYTES_MIN: Final = 4096  # what a Linux PTY gives at once


class ZoneUnusable(Exception):
    """The file cannot serve as landing zone; the message says which and why. Nothing was changed."""


class NoBytes(enum.Enum):
    """Why a read brought nothing."""

    NOT_NOW = enum.auto()
    """Nothing there at the moment: wait until the master is readable."""
    ENDED = enum.auto()
    """The last process has closed the terminal, and everything it wrote has been read."""
    ZONE_FULL = enum.auto()
    """All slots are in use: log and release some first."""


@dataclass(frozen=True, slots=True)
class Landed:
    """Bytes of a pane in a slot. `data` is valid until the slot is released."""

    slot: int
    pane: int
    offset: int
    """How many bytes of this pane came before."""
    data: memoryview


@dataclass(frozen=True, slots=True)
class Reserved:
    """A slot that is to be filled with output of a pane."""

    slot: int
    pane: int
    offset: int


@dataclass(frozen=True, slots=True)
class Salvaged:
    """Bytes that a dead server had read. Its terminal queries have not been answered yet."""

    pane: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a zone held, by pane and offset, and what is wrong with it, one line each for people."""

    salvaged: tuple[Salvaged, ...]
    damage: tuple[str, ...]


class LandingZone:
    """A server's open zone. One process, one thread but for `fill`. Reads never block if the master is non-blocking."""

    def __init__(self, descriptor: int, mapping: mmap.mmap) -> None:
        self._descriptor = descriptor
        self._mapping = mapping
        self._whole = memoryview(mapping)
        starts = range(SLOTS_OFFSET, FILE_BYTES, SLOT_BYTES)
        self._slots = [self._whole[start : start + SLOT_BYTES] for start in starts]
        self._free = list(reversed(range(SLOTS)))

    @classmethod
    def open(cls, path: str, *, store: str, discard: bool = False) -> LandingZone:
        """Open the zone at `path`, empty; create it if needed (0600). Without a path it is in memory and leaves nothing.

        `store` names the state whose pane numbers are used. With `discard`, what a dead server left is wiped: say so
        only after everything that `recover` returned is logged. Raises ZoneUnusable if there is something left
        otherwise, if another process uses the zone, or if the file is not ours; OSError if there is no room for it.
        """
        descriptor = _open_file(path, os.O_RDWR | os.O_CREAT) if path else _open_memory()
        try:
            _lock(descriptor, path)
            if not discard:
                _require_empty(descriptor, path, store)
            # Writing, not truncating: a full file system is found out here and not by SIGBUS in the midst of a read.
            os.ftruncate(descriptor, FILE_BYTES)
            _write_all(descriptor, _fresh_header(store).ljust(FILE_BYTES, b"\0"))
            mapping = mmap.mmap(descriptor, FILE_BYTES)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor, mapping)

    @classmethod
    def without_file(cls) -> LandingZone:
        """A zone in private memory, which protects from nothing: only to show what is lost without one."""
        return cls(-1, mmap.mmap(-1, FILE_BYTES))

    def is_at(self, path: str) -> bool:
        """Whether the next server finds this zone at `path`. True as well for one that has no file."""
        try:
            return self._descriptor < 0 or os.path.samestat(
                os.fstat(self._descriptor), os.stat(path)
            )
        except OSError:
            return False

    @property
    def free_slots(self) -> int:
        """How many reads can land before some must be released."""
        return len(self._free)

    def read(
        self, master_fd: int, pane: int, offset: int, *, at_most: int = SLOT_BYTES
    ) -> Landed | NoBytes:
        """Read what a terminal has, up to a slot full, or up to about `at_most` bytes.

        `offset` is how many bytes of the pane were read before.

        Linux reports the end of a terminal as EIO after its last byte, others as an empty read: both are ENDED.
        Raises OSError for anything else; nothing has been read then.
        """
        reserved = self.reserve(pane, offset)
        if reserved is None:
            return NoBytes.ZONE_FULL
        try:
            result = self.fill(reserved, master_fd, at_most=at_most)
        except OSError:
            self.give_back(reserved)
            raise
        if isinstance(result, NoBytes):
            self.give_back(reserved)
        return result

    def reserve(self, pane: int, offset: int) -> Reserved | None:
        """Take a slot for the bytes of a pane that come after `offset`; None: all are in use.

        From here on a new server takes what is in the slot for these bytes. `fill` it, or `give_back`.
        """
        if not self._free:
            return None
        slot = self._free.pop()
        at = _DESCRIPTORS_OFFSET + slot * _DESCRIPTOR_BYTES
        _DESCRIPTOR.pack_into(self._mapping, at + _DESCRIPTOR_AT, pane, offset, 0)
        self._mapping[at] = READING
        return Reserved(slot, pane, offset)

    def fill(
        self, reserved: Reserved, master_fd: int, *, at_most: int = SLOT_BYTES
    ) -> Landed | NoBytes:
        """Read what a terminal has into a reserved slot, as `read` does. May be called in any thread.

        The slot stays reserved if it brings nothing or raises OSError.
        """
        view = self._slots[reserved.slot]
        length = 0
        nothing = NoBytes.ENDED
        try:
            while True:
                count = os.readv(master_fd, [view[length:]] if length else [view])
                length += count
                if count < READ_ON_BYTES_MIN or at_most - length < ROOM_BYTES_MIN:
                    break
        except BlockingIOError:
            nothing = NoBytes.NOT_NOW
        except OSError as error:
            if error.errno != errno.EIO and not length:
                raise
        if not length:
            return nothing
        at = _DESCRIPTORS_OFFSET + reserved.slot * _DESCRIPTOR_BYTES
        # The length alone: `pack_into` zeroes all that it is about to write, and death in between must not leave bytes here
        # that belong to pane 0.
        _LENGTH.pack_into(self._mapping, at + _LENGTH_AT, length)
        self._mapping[at] = FILLED
        return Landed(reserved.slot, reserved.pane, reserved.offset, view[:length])

    def give_back(self, reserved: Reserved) -> None:
        """Nothing has come into a reserved slot: it may be used again."""
        self._clear(reserved.slot, SLOT_BYTES)

    def logged(self, landed: Iterable[Landed]) -> None:
        """The log's write of these has returned."""
        for each in landed:
            self._mapping[_DESCRIPTORS_OFFSET + each.slot * _DESCRIPTOR_BYTES] = LOGGED

    def answering(self, landed: Landed) -> None:
        """Replies to the terminal queries in `landed` are to be written in the next instruction.

        From here on the next server does not answer them again. Death right between the two loses the reply; the
        other order could write it twice, and the second one would be typed into whatever runs then.
        """
        self._mapping[_DESCRIPTORS_OFFSET + landed.slot * _DESCRIPTOR_BYTES] = ANSWERED

    def release(self, landed: Iterable[Landed]) -> None:
        """These are logged, shown and answered: their slots may be used again, and their `data` no more."""
        for each in landed:
            self._clear(each.slot, len(each.data))

    def _clear(self, slot: int, length: int) -> None:
        # Free first: a half-zeroed slot must not look like bytes of a pane. Zeroed, because the end of a slot caught
        # in READING is its last byte that is not zero.
        self._mapping[_DESCRIPTORS_OFFSET + slot * _DESCRIPTOR_BYTES] = FREE
        self._slots[slot][:length] = _ZEROS[:length]
        self._free.append(slot)

    def close(self) -> None:
        """Let go of the zone. Whatever was not released stays in the file. May be called again."""
        if self._descriptor < 0:
            return
        for view in (*self._slots, self._whole):
            view.release()
        with contextlib.suppress(
            BufferError
        ):  # somebody still holds a `data`: the mapping goes with it
            self._mapping.close()
        fcntl.flock(
            self._descriptor, fcntl.LOCK_UN
        )  # the mapping has a duplicate of the descriptor
        os.close(self._descriptor)
        self._descriptor = -1


def recover(path: str, *, store: str) -> Recovered:
    """Return what a dead server had read and not finished with, in order of pane and offset. Changes nothing.

    Append to the log what lies at or beyond the pane's logged offset: what lies below is there already. Answer the
    terminal queries in all of it. A zone of another boot or another state holds nothing. Raises ZoneUnusable if
    another process uses the zone, OSError if the file cannot be read; a missing file is an empty zone.
    """
    try:
        descriptor = _open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return Recovered((), ())
    try:
        _lock(descriptor, path)
        return _parse(_contents(descriptor), store)
    finally:
        os.close(descriptor)


def _parse(contents: bytes, store: str) -> Recovered:
    if not contents:
        return Recovered((), ())
    if len(contents) != FILE_BYTES or contents[: len(MAGIC)] != MAGIC:
        return Recovered(
            (), (f"the landing zone is no such file ({len(contents)} bytes): ignored",)
        )
    if contents[: _HEADER.size] != _fresh_header(store):
        return Recovered((), ())
    salvaged: list[Salvaged] = []
    damage: list[str] = []
    for slot in range(SLOTS):
        at = _DESCRIPTORS_OFFSET + slot * _DESCRIPTOR_BYTES
        state = contents[at]
        pane, offset, length = _DESCRIPTOR.unpack_from(contents, at + _DESCRIPTOR_AT)
        data = contents[SLOTS_OFFSET + slot * SLOT_BYTES : SLOTS_OFFSET + (slot + 1) * SLOT_BYTES]
        if state in (FREE, ANSWERED):
            continue
        if state == READING:
            data = data.rstrip(
                b"\0"
            )  # the kernel may have been copying; a lost trailing NUL does nothing
        elif state in (FILLED, LOGGED) and 0 < length <= SLOT_BYTES:
            data = data[:length]
        else:
            damage.append(
                f"slot {slot} of the landing zone is in state {state} with {length} bytes: ignored"
            )
            continue
        if data:
            salvaged.append(Salvaged(pane, offset, data))
    salvaged.sort(key=lambda chunk: (chunk.pane, chunk.offset))
    return Recovered(tuple(salvaged), tuple(damage))


def boot_id() -> bytes:
    """Return what tells this boot of the machine from others; empty where the system has no such thing."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            return file.read().strip()
    except OSError:
        return b""


def _fresh_header(store: str) -> bytes:
    owner = hashlib.sha256(store.encode()).digest()
    boot = hashlib.sha256(boot_id()).digest()
    return _HEADER.pack(MAGIC, SLOTS, SLOT_BYTES, 0, owner, boot)


def _open_file(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        os.close(descriptor)
        raise ZoneUnusable(f"{path} is not a regular file of ours: remove it")
    return descriptor


def _open_memory() -> int:
    """A file without a name, in memory where the system has such."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("fugue-landing", os.MFD_CLOEXEC)
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return descriptor


def _lock(descriptor: int, path: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ZoneUnusable(
            f"{path} is in use by another process: is a server running on this state?"
        ) from error


def _require_empty(descriptor: int, path: str, store: str) -> None:
    size = sum(len(chunk.data) for chunk in _parse(_contents(descriptor), store).salvaged)
    if size:
        raise ZoneUnusable(
            f"{path} holds {size} bytes that a dead server read: recover and log them first"
        )


def _contents(descriptor: int) -> bytes:
    return os.pread(descriptor, FILE_BYTES + 1, 0)


def _write_all(descriptor: int, data: bytes) -> None:
    at = 0
    while at < len(data):
        at += os.pwrite(descriptor, data[at:], at)
