"""The byte format of the landing zone: where each part is, and how to encode and parse it. Layout:
docs/formats/landing.md.

Version 2 has checksums and counts answered bytes apart from logged ones. It also holds two more parts: the account of
output that was shown and could not be logged, and events that the log has only in memory. Version 1 is still read,
because a server that is replaced by a newer one leaves such a zone.
"""

import hashlib
import struct
from typing import Final

import msgspec
from msgspec.structs import replace

from fuguemux.persistence.storage.checksum import crc32

SLOTS: Final = 16
SLOT_BYTES: Final = 64 << 10
# One page for the header, the descriptors and the table of missing output.
SLOTS_OFFSET: Final = 4096

MAGIC_1: Final = b"fugueLZ\x01"
MAGIC: Final = b"fugueLZ\x02"
HEADER: Final = struct.Struct("<8sIII32s32s")  # magic, slots, bytes of a slot, 0, store, boot
_CHECKSUM: Final = struct.Struct("<I")
DESCRIPTORS_OFFSET: Final = 128
DESCRIPTOR_BYTES: Final = 64
PLACE: Final = struct.Struct("<QQI")  # pane, pane's byte offset, checksum of the two
PLACE_AT: Final = 8
PLACE_CHECKSUM_AT: Final = PLACE_AT + 16
# One aligned number of 8 bytes: the length in the lower half, the checksum in the upper.
EXTENT_AT: Final = 32
ANSWERED_AT: Final = 40  # one aligned number of 4 bytes

MISSING_OFFSET: Final = DESCRIPTORS_OFFSET + SLOTS * DESCRIPTOR_BYTES
# pane, start, stop, from and to in wall-clock ms, checksum
MISSING: Final = struct.Struct("<QQQQQI4x")
MISSING_PANES: Final = 30
"""The number of entries. Each has two places, written in turn: if the process dies during a write, the other place is
whole. The last entry is for `OTHER_PANES`.
"""
OTHER_PANES: Final = (1 << 64) - 1
"""Stands for all panes for which the table has no space; `stop` is then a number of bytes."""

EVENTS_OFFSET: Final = SLOTS_OFFSET + SLOTS * SLOT_BYTES
EVENTS_BYTES: Final = 256 << 10
EVENT: Final = struct.Struct("<QII")  # LSN, length of the payload, checksum of both and the payload
FILE_BYTES: Final = EVENTS_OFFSET + EVENTS_BYTES

_FILE_BYTES_1: Final = EVENTS_OFFSET
_DESCRIPTOR_BYTES_1: Final = 32
_DESCRIPTOR_1: Final = struct.Struct("<QQI")  # pane, pane's byte offset, length

assert HEADER.size + _CHECKSUM.size <= DESCRIPTORS_OFFSET
assert MISSING_OFFSET + 2 * MISSING_PANES * MISSING.size <= SLOTS_OFFSET

NOT_KNOWN: Final = "the landing zone's content of output that had just been read is not known"

ACCOUNT_DAMAGED: Final = (
    "the landing zone's account of output that could not be logged is damaged: more may be missing"
)

ZERO_RUN: Final = bytes(256)
"""If a read did not return, the bytes behind such a run may be damaged memory: they have no checksum."""
LONGER: Final = "the landing zone has more bytes than it was made with; they are not read"

# Any two states differ in four bits, so that one flipped bit does not turn one state into another.
FREE: Final = 0x00
READING: Final = 0x0F
FILLED: Final = 0x33
LOGGED: Final = 0x3C

_READING_1, _FILLED_1, _LOGGED_1, _ANSWERED_1 = 1, 2, 3, 4


class Salvaged(msgspec.Struct, frozen=True):
    """Bytes that a dead server had read. The terminal queries in the first `answered` bytes were answered."""

    pane: int
    offset: int
    data: bytes
    answered: int = 0


class UnloggedOutput(msgspec.Struct, frozen=True):
    """A pane's output from byte `start` up to `stop` was shown and not logged, between two moments in wall-clock ms."""

    pane: int
    start: int
    stop: int
    from_ms: int
    to_ms: int


class RecoveredZone(msgspec.Struct, frozen=True):
    """The content of a zone, by pane and offset, and its damage, as one line for people per fault."""

    salvaged: tuple[Salvaged, ...] = ()
    damage: tuple[str, ...] = ()
    missing: tuple[UnloggedOutput, ...] = ()
    rotten: tuple[UnloggedOutput, ...] = ()
    """Bytes that were there and cannot be trusted any more. The log may have some of them; these are not lost."""
    events: tuple[tuple[int, bytes], ...] = ()
    """LSN and payload of each STRUCTURE record that the log may lack."""
    unknown: tuple[str, ...] = ()
    """One sentence for each thing that the zone does not say. It is not known whether anything is lost with it."""
    intact: bool = True
    """Whether every byte was written by a server. If not, the file may be something else, or the only copy of output
    that was read.
    """


def header(store: str, boot: bytes) -> bytes:
    """Return the first bytes of a zone of this state and this boot."""
    fields = _header_fields(MAGIC, store, boot)
    return fields + _CHECKSUM.pack(crc32(fields))


def seed(store: str, boot: bytes) -> int:
    """Return the start value of every checksum of a zone. So checksums of another state or boot never match."""
    return crc32(_header_fields(MAGIC, store, boot))


def _header_fields(magic: bytes, store: str, boot: bytes) -> bytes:
    owner = hashlib.sha256(store.encode()).digest()
    return HEADER.pack(magic, SLOTS, SLOT_BYTES, 0, owner, hashlib.sha256(boot).digest())


def place(slot: int, pane: int, offset: int, begin: int) -> bytes:
    """Encode which pane's bytes are in a slot; `begin` is the zone's `seed`."""
    return PLACE.pack(pane, offset, place_checksum(slot, pane, offset, begin))


def place_checksum(slot: int, pane: int, offset: int, begin: int) -> int:
    return crc32(PLACE.pack(pane, offset, slot), begin)


def missing_entry(entry: UnloggedOutput, begin: int) -> bytes:
    """Encode one place of the table of missing output."""
    fields = (entry.pane, entry.start, entry.stop, entry.from_ms, entry.to_ms)
    return MISSING.pack(*fields, crc32(MISSING.pack(*fields, 0), begin))


def event_record(lsn: int, payload: bytes, begin: int) -> bytes:
    """Encode one event record, padded to 8 bytes."""
    checksum = crc32(payload, crc32(EVENT.pack(lsn, len(payload), 0), begin))
    return EVENT.pack(lsn, len(payload), checksum) + payload + bytes(-len(payload) & 7)


def parse(contents: bytes, store: str, boot: bytes) -> RecoveredZone:
    """Parse the contents of a file. Never raises. Bytes behind the end of the zone are reported and not read."""
    if contents[: len(MAGIC_1)] == MAGIC_1 and len(contents) == _FILE_BYTES_1:
        return _parse_1(contents, store, boot)
    if len(contents) < FILE_BYTES:
        reason = f"{NOT_KNOWN}: it is no such file ({len(contents)} bytes)"
        return RecoveredZone(unknown=(reason,), intact=False)
    found = _Reader(contents[:FILE_BYTES], store, boot).read()
    if len(contents) == FILE_BYTES:
        return found
    return replace(found, damage=(*found.damage, LONGER))


class _Reader:
    """Parses a zone of version 2."""

    def __init__(self, contents: bytes, store: str, boot: bytes) -> None:
        self._contents = contents
        self._header = header(store, boot)
        self._begin = seed(store, boot)
        self._salvaged: list[Salvaged] = []
        self._rotten: list[UnloggedOutput] = []
        self._damage: list[str] = []
        self._unknown: list[str] = []
        self._more = ""

    def read(self) -> RecoveredZone:
        found = self._contents[: len(self._header)]
        if found != self._header and _header_is_whole(found):
            return RecoveredZone()  # of another state or another boot
        if found != self._header:
            # The zone may still be ours: the other checksums tell, because each of them begins with state and boot.
            self._damage.append("the header of the landing zone is damaged")
        for slot in range(SLOTS):
            self._slot(slot)
        self._salvaged.sort(key=lambda chunk: (chunk.pane, chunk.offset))
        missing, events = tuple(self._missing()), tuple(self._events())
        return RecoveredZone(
            tuple(self._salvaged),
            tuple(self._damage),
            missing,
            tuple(self._rotten),
            events,
            tuple(self._unknown) + ((self._more,) if self._more else ()),
            intact=not (self._damage or self._rotten or self._unknown),
        )

    def _slot(self, slot: int) -> None:
        contents, at = self._contents, DESCRIPTORS_OFFSET + slot * DESCRIPTOR_BYTES
        state = contents[at]
        if state == FREE:
            return
        pane, offset, checksum = PLACE.unpack_from(contents, at + PLACE_AT)
        if checksum != place_checksum(slot, pane, offset, self._begin):
            self._unknown.append(
                f"{NOT_KNOWN}: slot {slot} does not say which pane its output belongs to"
            )
            return
        extent = int.from_bytes(contents[at + EXTENT_AT : at + EXTENT_AT + 8], "little")
        length, data_checksum = extent & 0xFFFFFFFF, extent >> 32
        answered = int.from_bytes(contents[at + ANSWERED_AT : at + ANSWERED_AT + 4], "little")
        start = SLOTS_OFFSET + slot * SLOT_BYTES
        data = contents[start : start + SLOT_BYTES]
        whole = length <= SLOT_BYTES and crc32(data[:length], checksum) == data_checksum
        if state == READING and not extent:
            whole, length = True, 0
        if state not in (READING, FILLED, LOGGED) or not whole:
            size = length if 0 < length <= SLOT_BYTES else len(data.rstrip(b"\0"))
            self._damage.append(
                f"slot {slot} of the landing zone is damaged: {size} bytes of pane %{pane}, lost if they were not logged"
            )
            self._rotten.append(UnloggedOutput(pane, offset, offset + size, 0, 0))
            return
        if state == READING:
            # The kernel may have died while copying. A lost trailing NUL does nothing in a terminal.
            end = max(length, len(data.rstrip(b"\0")))
            # The kernel copies from the front, and few programs write so many NULs.
            if ZERO_RUN in data[length:end]:
                self._unknown.append(
                    f"slot {slot} of the landing zone was being read into: whether all that is in it is output of pane "
                    f"%{pane} is not known"
                )
            length = end
        if length and not (state == LOGGED and answered >= length):
            self._salvaged.append(Salvaged(pane, offset, data[:length], min(answered, length)))

    def _missing(self) -> list[UnloggedOutput]:
        found: dict[int, UnloggedOutput] = {}
        for number in range(2 * MISSING_PANES):
            at = MISSING_OFFSET + number * MISSING.size
            *fields, checksum = MISSING.unpack_from(self._contents, at)
            if crc32(MISSING.pack(*fields, 0), self._begin) != checksum:
                if any(fields) or checksum:
                    self._unknown.append(ACCOUNT_DAMAGED)
                continue
            entry = UnloggedOutput(*fields)
            known = found.get(entry.pane)
            if entry.stop > entry.start and (known is None or known.stop < entry.stop):
                found[entry.pane] = entry
        others = found.pop(OTHER_PANES, None)
        if others is not None:
            self._more = f"{others.stop} bytes of output of more panes were not logged"
        return sorted(found.values(), key=lambda entry: entry.pane)

    def _events(self) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        at, last = EVENTS_OFFSET, 0
        while at + EVENT.size <= FILE_BYTES:
            lsn, length, checksum = EVENT.unpack_from(self._contents, at)
            if not (lsn or length or checksum):
                break
            end = at + EVENT.size + length
            payload = self._contents[at + EVENT.size : end]
            whole = checksum == crc32(payload, crc32(EVENT.pack(lsn, length, 0), self._begin))
            if lsn <= last or end > FILE_BYTES or not whole:
                self._unknown.append(
                    "a change in the landing zone is damaged: lost, if it was not logged"
                )
                break
            found.append((lsn, payload))
            at, last = end + (-length & 7), lsn
        return found


def _header_is_whole(found: bytes) -> bool:
    fields, checksum = found[: HEADER.size], found[HEADER.size :]
    return fields[: len(MAGIC)] == MAGIC and _CHECKSUM.pack(crc32(fields)) == checksum


def _parse_1(contents: bytes, store: str, boot: bytes) -> RecoveredZone:
    if contents[: HEADER.size] != _header_fields(MAGIC_1, store, boot):
        return RecoveredZone()
    salvaged: list[Salvaged] = []
    unknown: list[str] = []
    for slot in range(SLOTS):
        at = DESCRIPTORS_OFFSET + slot * _DESCRIPTOR_BYTES_1
        state = contents[at]
        pane, offset, length = _DESCRIPTOR_1.unpack_from(contents, at + PLACE_AT)
        data = contents[SLOTS_OFFSET + slot * SLOT_BYTES : SLOTS_OFFSET + (slot + 1) * SLOT_BYTES]
        if state in (FREE, _ANSWERED_1):
            continue
        if state == _READING_1:
            data = data.rstrip(b"\0")
        elif state in (_FILLED_1, _LOGGED_1) and 0 < length <= SLOT_BYTES:
            data = data[:length]
        else:
            unknown.append(f"{NOT_KNOWN}: slot {slot} is in state {state} with {length} bytes")
            continue
        if data:
            salvaged.append(Salvaged(pane, offset, data))
    salvaged.sort(key=lambda chunk: (chunk.pane, chunk.offset))
    return RecoveredZone(tuple(salvaged), unknown=tuple(unknown), intact=not unknown)
