"""The layout of a slot of the watermark, and the mark that it contains.

     0        8       10      12      16      32       40       48      56
     | magic  | major | minor | flags | store | serial | durable| wall  | segment
     | 8s     | u16   | u16   | u32   | 16s   | u64    | LSN    | ms    | id u64
     64     72     80       88     96          104
     | base | salt | opened | life | life base | CRC u32 over the 104 bytes before it
     | LSN  | u64  | ms     | u64  | LSN       |

There are two slots, each in a block of 4 KiB; one that was never written is all zeros.
"""

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.persistence.storage.checksum import crc32
from fuguemux.persistence.wal.record import BLOCK_BYTES
from fuguemux.persistence.wal.segment import SegmentHeader

MAGIC: Final = b"FUGUEWMK"
MAJOR: Final = 1
MINOR: Final = 0
CLEAN_FLAG: Final = 1
SLOTS: Final = 2
SLOT_BYTES: Final = BLOCK_BYTES
FIELDS: Final = struct.Struct("<8sHHI16sQQQQQQQQQ")
CRC: Final = struct.Struct("<I")
assert FIELDS.size == 104


class MarkedSegment(NamedTuple):
    """The part of a segment's header that is needed to read its records. All 0: there is no segment."""

    segment_id: int = 0
    base_lsn: int = 0
    salt: int = 0
    opened_ms: int = 0
    life: int = 0
    life_base_lsn: int = 0

    @classmethod
    def of(cls, header: SegmentHeader) -> "MarkedSegment":
        """The values of `header`."""
        return cls(
            header.segment_id,
            header.base_lsn,
            header.salt,
            header.opened_ms,
            header.life,
            header.life_base_lsn,
        )


NO_SEGMENT: Final = MarkedSegment()


class Mark(NamedTuple):
    """The content of a slot. `wall_ms` is its time in wall milliseconds since the epoch.

    `clean`: the log was closed, and only the record CLEAN follows `durable_lsn`.
    `segment`: the newest segment with a durable record.
    """

    store_id: bytes
    durable_lsn: int
    wall_ms: int
    clean: bool = False
    segment: MarkedSegment = NO_SEGMENT

    def header(self, size: int) -> SegmentHeader:
        """A header with the values that are needed to read the segment's file, which has `size` bytes."""
        segment = self.segment
        before = segment.base_lsn - 1
        return SegmentHeader(
            store_id=self.store_id,
            segment_id=segment.segment_id,
            base_lsn=segment.base_lsn,
            salt=segment.salt,
            previous_id=0,
            previous_last_lsn=before,
            durable_lsn=min(before, self.durable_lsn),
            opened_ms=segment.opened_ms,
            segment_bytes=size,
            life=segment.life,
            life_base_lsn=segment.life_base_lsn,
        )


def encode_slot(mark: Mark, serial: int) -> bytes:
    """The bytes of one slot. `serial` is one higher for each slot that is written."""
    fields = FIELDS.pack(
        MAGIC,
        MAJOR,
        MINOR,
        CLEAN_FLAG if mark.clean else 0,
        mark.store_id,
        serial,
        mark.durable_lsn,
        mark.wall_ms,
        *mark.segment,
    )
    return fields + CRC.pack(crc32(fields))


def decode_slot(data: bytes) -> tuple[int, Mark] | None:
    """The serial and the mark of a slot. None if it is damaged, empty, or of another major version."""
    if len(data) < FIELDS.size + CRC.size:
        return None
    fields = data[: FIELDS.size]
    if CRC.unpack_from(data, FIELDS.size) != (crc32(fields),):
        return None
    magic, major, _minor, flags, store_id, serial, durable, wall, *segment = FIELDS.unpack(fields)
    if magic != MAGIC or major != MAJOR:
        return None
    clean = bool(flags & CLEAN_FLAG)
    return serial, Mark(store_id, durable, wall, clean, MarkedSegment(*segment))


class Slots(NamedTuple):
    """The content of both slots (None for one that does not verify), and whether anything is damaged."""

    slots: list[tuple[int, Mark] | None]
    damaged: bool


def decode(data: bytes) -> Slots:
    """Decode a watermark file. A slot that was never written is all zeros, which is no damage if the other slot is good."""
    found = [decode_slot(data[n * SLOT_BYTES : (n + 1) * SLOT_BYTES]) for n in range(SLOTS)]
    damaged = holds_garbage(data, found) or not any(found) or len(data) != SLOTS * SLOT_BYTES
    return Slots(found, damaged)


def is_watermark(data: bytes) -> bool:
    """Whether a file that begins with `data` was written as one."""
    return any(decode(data).slots)


def holds_garbage(data: bytes, slots: Sequence[tuple[int, Mark] | None]) -> bool:
    """Whether the bytes are neither zeros nor a slot."""
    blocks = [data[n * SLOT_BYTES : (n + 1) * SLOT_BYTES] for n in range(SLOTS)]
    return any(
        found is None and block.strip(b"\0") for block, found in zip(blocks, slots, strict=True)
    )
