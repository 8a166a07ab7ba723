"""The landing zone: pane output is read straight into a shared mapping, so SIGKILL cannot lose what was read.

Between reading a PTY and writing the log, bytes exist in the reader only. Here the reader is the kernel's page cache:
`readv` copies into a mapped file that outlives the process, and a descriptor says beforehand whose bytes they will be.
The next server finds with `recover` what was read and perhaps not logged. Layout: docs/formats/landing.md.

The order of the states of a slot, each set by a single-byte store:

    FREE → READING (pane and offset are set) → FILLED (length too) → LOGGED → FREE, then zeroed

A slot whose record waits for a slow disk is shown from where it is and stays; more output of its pane goes behind what is in it.
Events that wait likewise are kept beside the slots, and so is the account of output that could not be logged at all.

It protects from the death of the process, not of the machine: after a reboot the zone is void (power loss is the
business of the log's fsync), which the boot id in the header tells.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import fcntl
import mmap
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fuguemux.persistence.storage.checksum import crc32
from fuguemux.server.landing import zone_format as form
from fuguemux.server.landing.many_reads import Reads, one_read
from fuguemux.server.landing.zone_file import (
    ZoneInUse,
    ZoneUnusable,
    boot_id,
    contents,
    lock,
    open_file,
    open_memory,
    write_all,
)
from fuguemux.server.landing.zone_format import (
    FILE_BYTES,
    FILLED,
    FREE,
    LOGGED,
    READING,
    SLOT_BYTES,
    SLOTS,
    SLOTS_OFFSET,
    RecoveredZone,
    Salvaged,
    UnloggedOutput,
)
from fuguemux.server.landing.zone_missing import MissingTable, note_all

__all__ = [
    "FILE_BYTES",
    "SLOTS",
    "SLOT_BYTES",
    "Landed",
    "LandingZone",
    "NoBytes",
    "RecoveredZone",
    "Reserved",
    "Salvaged",
    "UnloggedOutput",
    "ZoneInUse",
    "ZoneUnusable",
    "boot_id",
    "recover",
]

_ZEROS: Final = memoryview(bytes(SLOT_BYTES))
_DESCRIPTORS: Final = tuple(
    form.DESCRIPTORS_OFFSET + slot * form.DESCRIPTOR_BYTES for slot in range(SLOTS)
)
CHECKED_BYTES_MIN: Final = 16 << 10
"""So much is read before its checksum is written, unless there is no more: one for each read would hold up the loop."""
READ_ON_BYTES_MIN: Final = 256
"""A shorter read has most likely emptied the terminal: it is not asked again."""
ROOM_BYTES_MIN: Final = 4096  # what a Linux PTY gives at once


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


class LandingZone:
    """A server's open zone. One process, one thread but for `fill`. Reads never block if the master is non-blocking."""

    def __init__(self, descriptor: int, mapping: mmap.mmap, begin: int) -> None:
        self._descriptor = descriptor
        self._mapping = mapping
        self._begin = begin
        self._whole = memoryview(mapping)
        starts = range(SLOTS_OFFSET, form.EVENTS_OFFSET, SLOT_BYTES)
        self._slots = [self._whole[start : start + SLOT_BYTES] for start in starts]
        # An element of these is stored at once: nobody finds half a number.
        self._eights = self._whole[:SLOTS_OFFSET].cast("Q")
        self._fours = self._whole[:SLOTS_OFFSET].cast("I")
        self._free = list(reversed(range(SLOTS)))
        self._places: list[tuple[int, int]] = [(0, 0)] * SLOTS
        self._events: list[int] = []
        self._events_end = form.EVENTS_OFFSET
        self._table = MissingTable(self._whole, begin)

    @classmethod
    def open(
        cls, path: str, *, store: str, discard: bool = False, missing: Iterable[UnloggedOutput] = ()
    ) -> LandingZone:
        """Open the zone at `path`, empty; create it if needed (0600). Without a path it is in memory and leaves nothing.

        `store` names the state whose pane numbers are used. With `discard`, what a dead server left is wiped: say so
        only after everything that `recover` returned is logged. `missing` is noted in it from the start. Raises ZoneUnusable if
        there is something left otherwise, if another process uses the zone, or if the file is not ours; OSError if there
        is no room for it.
        """
        descriptor = open_file(path, os.O_RDWR | os.O_CREAT) if path else open_memory()
        begin = form.seed(store, boot_id())
        front = form.header(store, boot_id()).ljust(form.MISSING_OFFSET, b"\0")
        page = bytearray(front.ljust(SLOTS_OFFSET, b"\0"))
        noted = list(missing)
        note_all(MissingTable(memoryview(page), begin), noted)
        try:
            lock(descriptor, path)
            if not discard:
                _require_empty(descriptor, path, store)
            # Writing, not truncating: a full file system is found out here and not by SIGBUS in the midst of a read.
            os.ftruncate(descriptor, FILE_BYTES)
            write_all(descriptor, bytes(page).ljust(FILE_BYTES, b"\0"))
            mapping = mmap.mmap(descriptor, FILE_BYTES)
        except BaseException:
            os.close(descriptor)
            raise
        zone = cls(descriptor, mapping, begin)
        note_all(zone._table, noted)
        return zone

    @classmethod
    def without_file(cls) -> LandingZone:
        """A zone in private memory, which protects from nothing."""
        return cls(-1, mmap.mmap(-1, FILE_BYTES), 0)

    @property
    def survives(self) -> bool:
        """Whether what is in it outlives this process."""
        return self._descriptor >= 0

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

    # -- slots -------------------------------------------------------------------------------

    def read(
        self,
        master_fd: int,
        pane: int,
        offset: int,
        *,
        at_most: int = SLOT_BYTES,
        reads: Reads = one_read,
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
            result = self.fill(reserved, master_fd, at_most=at_most, reads=reads)
        except OSError:
            self.give_back(reserved)
            raise
        if isinstance(result, NoBytes):
            self.give_back(reserved)
        return result

    def read_on(
        self,
        landed: Landed,
        master_fd: int,
        *,
        at_most: int = SLOT_BYTES,
        reads: Reads = one_read,
    ) -> Landed | NoBytes:
        """As `read`, behind `landed`, the last of its slot, which is not released: a slow disk costs no slot per key.

        ZONE_FULL: the slot has no room.
        """
        length = landed.offset + len(landed.data) - self._places[landed.slot][1]
        if SLOT_BYTES - length < ROOM_BYTES_MIN:
            return NoBytes.ZONE_FULL
        self._mapping[_DESCRIPTORS[landed.slot]] = READING
        try:
            result = self._fill(landed.slot, length, master_fd, at_most, reads)
        except OSError:
            self._mapping[_DESCRIPTORS[landed.slot]] = FILLED
            raise
        if isinstance(result, NoBytes):
            self._mapping[_DESCRIPTORS[landed.slot]] = FILLED
        return result

    def reserve(self, pane: int, offset: int) -> Reserved | None:
        """Take a slot for the bytes of a pane that come after `offset`; None: all are in use.

        From here on a new server takes what is in the slot for these bytes. `fill` it, or `give_back`.
        """
        if not self._free:
            return None
        slot = self._free.pop()
        at = _DESCRIPTORS[slot]
        begin = at + form.PLACE_AT
        self._whole[begin : begin + form.PLACE.size] = form.place(slot, pane, offset, self._begin)
        self._eights[(at + form.EXTENT_AT) // 8] = 0
        self._fours[(at + form.ANSWERED_AT) // 4] = 0
        self._mapping[at] = READING
        self._places[slot] = (pane, offset)
        return Reserved(slot, pane, offset)

    def fill(
        self,
        reserved: Reserved,
        master_fd: int,
        *,
        at_most: int = SLOT_BYTES,
        reads: Reads = one_read,
    ) -> Landed | NoBytes:
        """Read what a terminal has into a reserved slot, as `read` does. May be called in any thread.

        The slot stays reserved if it brings nothing or raises OSError.
        """
        return self._fill(reserved.slot, 0, master_fd, at_most, reads)

    def _fill(
        self,
        slot: int,
        start: int,
        master_fd: int,
        at_most: int,
        reads: Reads,
    ) -> Landed | NoBytes:
        """Read into a slot behind its first `start` bytes."""
        view = self._slots[slot]
        length = start
        nothing = NoBytes.ENDED
        at = _DESCRIPTORS[slot]
        extent = (at + form.EXTENT_AT) // 8
        begun = self._fours[(at + form.PLACE_CHECKSUM_AT) // 4]
        known, checked = self._eights[extent] >> 32 if start else begun, start
        try:
            while True:
                count = reads(master_fd, view[length : length + CHECKED_BYTES_MIN])
                length += count
                if length - checked >= CHECKED_BYTES_MIN:
                    known = crc32(view[checked:length], known)
                    self._eights[extent] = length | known << 32
                    checked = length
                if count < READ_ON_BYTES_MIN or at_most - (length - start) < ROOM_BYTES_MIN:
                    break
                if SLOT_BYTES - length < ROOM_BYTES_MIN:
                    break
        except BlockingIOError:
            nothing = NoBytes.NOT_NOW
        except OSError as error:
            if error.errno != errno.EIO and length == start:
                raise
        if length == start:
            return nothing
        if length > checked:
            self._eights[extent] = length | crc32(view[checked:length], known) << 32
        self._mapping[at] = FILLED
        pane, begin = self._places[slot]
        return Landed(slot, pane, begin + start, view[start:length])

    def give_back(self, reserved: Reserved) -> None:
        """Nothing has come into a reserved slot: it may be used again."""
        self._clear(reserved.slot, SLOT_BYTES)

    def logged(self, landed: Iterable[Landed]) -> None:
        """The log's write of these, and of all that is in their slots, has returned."""
        for each in landed:
            self._mapping[_DESCRIPTORS[each.slot]] = LOGGED

    def answering(self, landed: Landed) -> None:
        """Replies to the terminal queries in `landed` are to be written in the next instruction.

        From here on the next server does not answer them again, nor any before them in the slot. Death right between the
        two loses the reply; the other order could write it twice, and the second one would be typed into whatever runs then.
        """
        answered = landed.offset + len(landed.data) - self._places[landed.slot][1]
        self._fours[(_DESCRIPTORS[landed.slot] + form.ANSWERED_AT) // 4] = answered

    def release(self, landed: Iterable[Landed]) -> None:
        """These are logged, shown and answered: their slots may be used again, and their `data` no more."""
        for each in landed:
            self._clear(each.slot, each.offset + len(each.data) - self._places[each.slot][1])

    def _clear(self, slot: int, length: int) -> None:
        # Free first: a half-zeroed slot must not look like bytes of a pane. Zeroed, because the end of a slot caught
        # in READING is its last byte that is not zero.
        self._mapping[_DESCRIPTORS[slot]] = FREE
        self._slots[slot][:length] = _ZEROS[:length]
        self._free.append(slot)

    # -- events ------------------------------------------------------------------------------

    def keep_event(self, lsn: int, payload: bytes) -> bool:
        """Keep the payload of a STRUCTURE record until it is with the kernel; False: there is no room, or no file.

        `lsn` is above that of every event that is kept.
        """
        record = form.event_record(lsn, payload, self._begin)
        end = self._events_end + len(record)
        if end > FILE_BYTES or not self.survives:
            return False
        self._whole[self._events_end : end] = record
        self._events_end = end
        self._events.append(lsn)
        return True

    def events_written(self, through_lsn: int) -> None:
        """Everything up to this LSN is with the kernel: forget the events that are kept, once that is true of all."""
        if not self._events or self._events[-1] > through_lsn:
            return
        start, size = form.EVENTS_OFFSET, self._events_end - form.EVENTS_OFFSET
        self._whole[start : start + size] = bytes(size)
        self._events.clear()
        self._events_end = start

    @property
    def last_event_lsn(self) -> int:
        """The newest event that is kept; 0: none is."""
        return self._events[-1] if self._events else 0

    # -- what could not be logged ------------------------------------------------------------

    def missing(self, entry: UnloggedOutput) -> None:
        """Note that a pane's output was shown and cannot be logged; again with a later `stop` when there is more."""
        self._table.note(entry)

    def missing_logged(self, pane: int) -> None:
        """The log says what is missing of a pane."""
        self._table.forget(pane)

    def close(self) -> None:
        """Let go of the zone. Whatever was not released stays in the file. May be called again."""
        if self._descriptor < 0:
            return
        for view in (self._eights, self._fours, *self._slots, self._whole):
            view.release()
        with contextlib.suppress(BufferError):
            self._mapping.close()  # or somebody still holds a `data`: the mapping goes with it
        fcntl.flock(
            self._descriptor, fcntl.LOCK_UN
        )  # the mapping has a duplicate of the descriptor
        os.close(self._descriptor)
        self._descriptor = -1


def recover(path: str, *, store: str) -> RecoveredZone:
    """Return what a dead server had read and not finished with, in order of pane and offset. Changes nothing.

    Append to the log what lies at or beyond the pane's logged offset: what lies below is there already. Answer the
    terminal queries in all of it. A zone of another boot or another state holds nothing. Raises ZoneUnusable if
    another process uses the zone, OSError if the file cannot be read; a missing file is an empty zone.
    """
    try:
        descriptor = open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return RecoveredZone()
    try:
        lock(descriptor, path)
        return form.parse(contents(descriptor), store, boot_id())
    finally:
        os.close(descriptor)


def _require_empty(descriptor: int, path: str, store: str) -> None:
    size = sum(
        len(chunk.data) for chunk in form.parse(contents(descriptor), store, boot_id()).salvaged
    )
    if size:
        raise ZoneUnusable(
            f"{path} holds {size} bytes that a dead server read: recover and log them first"
        )
