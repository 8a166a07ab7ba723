"""The landing zone: pane output is read straight into a shared mapping, so SIGKILL cannot lose what was read.

Between the read from a PTY and the write to the log, output would exist only in the reading process. Here it exists
in the kernel's page cache: `readv` copies into a mapped file that outlives the process, and a descriptor says
beforehand to which pane the bytes will belong. The next server uses `recover` to find output that was read and
perhaps not logged. Layout: docs/formats/landing.md.

A slot goes through these states, each set by a single-byte store:

    FREE → READING (pane and offset are set) → FILLED (length too) → LOGGED → FREE, then zeroed

While a slot's record waits for a slow disk, the output is shown from the slot and stays there. More output of the
same pane is appended to it. Events that wait for the disk are kept behind the slots. The zone also holds the account
of output that could not be logged at all.

The zone protects from the death of the process, not of the machine. After a reboot its content is void: the boot id
in the header tells that the machine was started again. The log's fsync protects from power failures.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import fcntl
import mmap
import os
from collections.abc import Iterable
from typing import Final

import msgspec

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
"""A read continues to this size before its checksum is written, unless there is no more output. One checksum per read
would hold up the loop.
"""
READ_ON_BYTES_MIN: Final = 256
"""A shorter read has most likely emptied the terminal, so the terminal is not read again."""
ROOM_BYTES_MIN: Final = 4096  # what a Linux PTY gives at once


class NoBytes(enum.Enum):
    """Why a read returned no bytes."""

    NOT_NOW = enum.auto()
    """There is no output at the moment: wait until the master is readable."""
    ENDED = enum.auto()
    """The last process has closed the terminal, and all of its output has been read."""
    ZONE_FULL = enum.auto()
    """All slots are in use: log and release some first."""


class Landed(msgspec.Struct, frozen=True):
    """Bytes of a pane in a slot. `data` is valid until the slot is released."""

    slot: int
    pane: int
    offset: int
    """The number of bytes of this pane before `data`."""
    data: memoryview


class Reserved(msgspec.Struct, frozen=True):
    """A slot that is reserved for output of a pane."""

    slot: int
    pane: int
    offset: int


class LandingZone:
    """A server's open zone. For one process and one thread, except `fill`. Reads never block if the master is
    non-blocking.
    """

    def __init__(self, descriptor: int, mapping: mmap.mmap, begin: int) -> None:
        self._descriptor = descriptor
        self._mapping = mapping
        self._begin = begin
        self._whole = memoryview(mapping)
        starts = range(SLOTS_OFFSET, form.EVENTS_OFFSET, SLOT_BYTES)
        self._slots = [self._whole[start : start + SLOT_BYTES] for start in starts]
        # Each element of these views is written with one store, so a reader never finds half a number.
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
        """Open the zone at `path`, empty; create it if needed (mode 0600). With an empty path the zone is in memory
        and leaves no file.

        `store` names the state whose pane numbers are used. With `discard`, the content that a dead server left is
        wiped: pass it only after everything that `recover` returned is logged. The entries of `missing` are written
        to the zone from the start. Raises ZoneUnusable if the zone has content and `discard` is false, if another
        process uses the zone, or if the file is not a zone of ours; OSError if there is no space for it.
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
            # Write zeros instead of truncating, so that a full file system is noticed here and not by SIGBUS during a
            # read.
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
        """Return a zone in private memory, which does not survive the process."""
        return cls(-1, mmap.mmap(-1, FILE_BYTES), 0)

    @property
    def survives(self) -> bool:
        """Whether the content outlives this process."""
        return self._descriptor >= 0

    def is_at(self, path: str) -> bool:
        """Whether the next server finds this zone at `path`. Also True for a zone without a file."""
        try:
            return self._descriptor < 0 or os.path.samestat(
                os.fstat(self._descriptor), os.stat(path)
            )
        except OSError:
            return False

    @property
    def free_slots(self) -> int:
        """The number of reads that can land before a slot must be released."""
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
        """Read the output of a terminal, up to a full slot or up to about `at_most` bytes.

        `offset` is the number of bytes of the pane that were read before.

        At the end of a terminal Linux reports EIO after the last byte, other systems return an empty read: both are
        ENDED. Raises OSError for anything else; nothing has been read then.
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
        """Read as `read` does, behind `landed`, which must be the last in its slot and not released. So a slow disk
        does not use up one slot per key.

        Returns ZONE_FULL if the slot has no space.
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
        """Take a slot for the bytes of a pane that begin at `offset`. Returns None if all slots are in use.

        From now on a new server takes bytes in this slot for that output. Call `fill` or `give_back` next.
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
        """Read the output of a terminal into a reserved slot, as `read` does. May be called in any thread.

        The slot stays reserved if there are no bytes or OSError is raised.
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
        """Free a reserved slot into which nothing was read."""
        self._clear(reserved.slot, SLOT_BYTES)

    def logged(self, landed: Iterable[Landed]) -> None:
        """Mark the slots of `landed` as LOGGED: the log has written everything in them."""
        for each in landed:
            self._mapping[_DESCRIPTORS[each.slot]] = LOGGED

    def answering(self, landed: Landed) -> None:
        """Note that replies to the terminal queries in `landed` are written in the next instruction.

        From here on the next server answers neither these queries nor earlier ones in the slot. If the process dies
        between the two instructions, the reply is lost. With the other order the reply could be written twice, and
        the second one would be typed into whatever program runs then.
        """
        answered = landed.offset + len(landed.data) - self._places[landed.slot][1]
        self._fours[(_DESCRIPTORS[landed.slot] + form.ANSWERED_AT) // 4] = answered

    def release(self, landed: Iterable[Landed]) -> None:
        """Free the slots of `landed`, which are logged, shown and answered. Their `data` must not be used any more."""
        for each in landed:
            self._clear(each.slot, each.offset + len(each.data) - self._places[each.slot][1])

    def _clear(self, slot: int, length: int) -> None:
        # Mark the slot FREE first, because a half-zeroed slot must not look like bytes of a pane. Then zero it,
        # because the end of a slot that is found in state READING is its last byte that is not zero.
        self._mapping[_DESCRIPTORS[slot]] = FREE
        self._slots[slot][:length] = _ZEROS[:length]
        self._free.append(slot)

    # -- events ------------------------------------------------------------------------------

    def keep_event(self, lsn: int, payload: bytes) -> bool:
        """Keep the payload of a STRUCTURE record until the kernel has it. Returns False if there is no space or no
        file.

        `lsn` must be above that of every kept event.
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
        """Note that everything up to this LSN is with the kernel. The kept events are cleared once this is true of
        all of them.
        """
        if not self._events or self._events[-1] > through_lsn:
            return
        start, size = form.EVENTS_OFFSET, self._events_end - form.EVENTS_OFFSET
        self._whole[start : start + size] = bytes(size)
        self._events.clear()
        self._events_end = start

    @property
    def last_event_lsn(self) -> int:
        """The LSN of the newest kept event, or 0 if there is none."""
        return self._events[-1] if self._events else 0

    # -- what could not be logged ------------------------------------------------------------

    def missing(self, entry: UnloggedOutput) -> None:
        """Note that a pane's output was shown and cannot be logged. Call it again with a later `stop` when there is
        more.
        """
        self._table.note(entry)

    def missing_logged(self, pane: int) -> None:
        """Clear a pane's entry, because the log now says what is missing."""
        self._table.forget(pane)

    def close(self) -> None:
        """Close the zone. Content that was not released stays in the file. May be called more than once."""
        if self._descriptor < 0:
            return
        for view in (self._eights, self._fours, *self._slots, self._whole):
            view.release()
        with contextlib.suppress(BufferError):
            self._mapping.close()  # fails if a caller still holds a `data`: the mapping then goes with it
        # The mapping has a duplicate of the descriptor.
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)
        self._descriptor = -1


def recover(path: str, *, store: str) -> RecoveredZone:
    """Return the content that a dead server had read and not finished with, ordered by pane and offset. Changes
    nothing.

    The caller appends to the log what lies at or beyond the pane's logged offset; the log already has the rest. It
    answers the terminal queries in all of it. A zone of another boot or another state holds nothing. Raises
    ZoneUnusable if another process uses the zone, OSError if the file cannot be read; a missing file is an empty
    zone.
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
