"""Encodes and decodes one record of the log: a 32-byte header, a payload, zeros up to a multiple of 8.

     0       2      3       4        8         16         20          24          28
     | magic | kind | flags | length | LSN     | lag      | time      | header    | payload ...
     | u16   | u8   | u8    | u32    | u64     | u32      | delta u32 | CRC u32   | CRC u32

All numbers are little-endian. The header CRC covers the first 24 bytes and starts from the segment's seed. The payload
CRC covers the payload and starts from the header CRC. So a record that was written to another segment, or to the same
block at an earlier time, cannot verify.

`lag` is the LSN minus the highest LSN that was durable when the record was encoded. So a record that verifies is a
witness: records that are missing at or below `LSN - lag` had been durable. `time delta` counts milliseconds from the
opening of the segment.
"""

import struct
import sys
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from fuguemux.persistence.storage.checksum import crc32
from fuguemux.persistence.storage.files import Bytes

if TYPE_CHECKING or sys.version_info < (3, 14):
    from backports import zstd
else:
    from compression import zstd

MAGIC: Final = 0xF6A7
MAGIC_BYTES: Final = MAGIC.to_bytes(2, "little")
CHECKED: Final = struct.Struct("<HBBIQII")
CRCS: Final = struct.Struct("<II")
HEADER: Final = struct.Struct("<HBBIQIIII")
UNCHECKED: Final = struct.Struct("<xxBBIQIIII")  # the header without its magic
OUTPUT_PREFIX: Final = struct.Struct("<IQ")
HEADER_BYTES: Final = 32
CHECKED_BYTES: Final = 24
ALIGNMENT_BYTES: Final = 8
BLOCK_BYTES: Final = 4096
PAYLOAD_BYTES_MAX: Final = 64 << 20
COMPRESS_BYTES_MIN: Final = 4096
COMPRESS_LEVEL: Final = 1
_compressor: Final = zstd.ZstdCompressor(level=COMPRESS_LEVEL)  # costs as much as 4 KiB of input
LAG_UNKNOWN: Final = 0xFFFF_FFFF
TIME_DELTA_MS_MAX: Final = 0xFFFF_FFFF
PADDING: Final = tuple(bytes(-size % ALIGNMENT_BYTES) for size in range(ALIGNMENT_BYTES))
assert HEADER.size == HEADER_BYTES
assert CHECKED.size == CHECKED_BYTES
assert UNCHECKED.size == HEADER_BYTES
assert BLOCK_BYTES % ALIGNMENT_BYTES == 0


class RecordType(IntEnum):
    """What a record holds. Numbers are never reused; zero is never valid."""

    STRUCTURE = 1  # one transaction of events; opaque here
    OUTPUT = 2  # pane number u32, pane byte offset u64, then the bytes as the program wrote them
    CLEAN = 3  # the last record of a log that was closed; no payload
    PROOF = 4  # testifies that everything before it is durable; no payload, ignorable


# Flags. Bits 4 and 5 contain the class, so that a loss can be reported even for unknown types.
IGNORABLE: Final = 0x01  # a reader that does not know the type may skip the record
COMPRESSED: Final = 0x02  # the payload (for OUTPUT: without its prefix) is a zstd frame
CLASS_SHIFT: Final = 4
CLASS_NAMES: Final = ("structure", "output", "control", "other")
CLASS_FLAGS: Final = (  # by type
    0,
    0 << CLASS_SHIFT,
    1 << CLASS_SHIFT,
    2 << CLASS_SHIFT,
    2 << CLASS_SHIFT,
)
assert len(CLASS_FLAGS) == max(RecordType) + 1


class Record(msgspec.Struct, frozen=True, gc=False):
    """A verified record. `time_ms` is wall time since the epoch."""

    lsn: int
    kind: int
    flags: int
    time_ms: int
    payload: bytes


class OutputChunk(NamedTuple):
    """Bytes of one pane. `offset` counts all output of that pane before them."""

    pane: int
    offset: int
    data: bytes


class RecordPayloadDamaged(Exception):
    """A payload verifies but cannot be decoded: it was written incorrectly, or by another program."""


def class_name(flags: int) -> str:
    """The class of a record as reports name it: structure, output, control or other."""
    return CLASS_NAMES[(flags >> CLASS_SHIFT) & 3]


def record_bytes(payload_bytes: int) -> int:
    """The size of a record in the log, padding included."""
    return HEADER_BYTES + payload_bytes + (-payload_bytes % ALIGNMENT_BYTES)


def record_header(
    kind: int, flags: int, lsn: int, lag: int, time_delta_ms: int, payload: Bytes, seed: int
) -> bytes:
    """The 32 bytes that precede `payload` in a segment whose seed is `seed`."""
    checked = CHECKED.pack(MAGIC, kind, flags, len(payload), lsn, lag, time_delta_ms)
    header_crc = crc32(checked, seed)
    return checked + CRCS.pack(header_crc, crc32(payload, header_crc))


def encode_output(pane: int, offset: int, data: Bytes) -> tuple[int, bytes]:
    """The flags and payload of an OUTPUT record. Copies `data`.

    From 4 KiB on the bytes are compressed, if that makes them smaller.
    """
    flags = CLASS_FLAGS[RecordType.OUTPUT]
    prefix = OUTPUT_PREFIX.pack(pane, offset)
    if len(data) >= COMPRESS_BYTES_MIN:
        packed = _compressor.compress(data, mode=zstd.ZstdCompressor.FLUSH_FRAME)
        if len(packed) < len(data):
            return flags | COMPRESSED, prefix + packed
    return flags, b"".join((prefix, data))


def decode_output(flags: int, payload: bytes) -> OutputChunk:
    """The chunk that `encode_output` encoded. Raises RecordPayloadDamaged."""
    if len(payload) < OUTPUT_PREFIX.size:
        raise RecordPayloadDamaged(
            f"an output record of {len(payload)} bytes has no room for its pane"
        )
    pane, offset = OUTPUT_PREFIX.unpack_from(payload)
    data = payload[OUTPUT_PREFIX.size :]
    if flags & COMPRESSED:
        data = _decompress(data)
    return OutputChunk(pane, offset, data)


def _decompress(packed: bytes) -> bytes:
    """Decompress with zstd. Refuses data that would not have fitted into a record uncompressed."""
    decompressor = zstd.ZstdDecompressor()
    try:
        data: bytes = decompressor.decompress(packed, max_length=PAYLOAD_BYTES_MAX)
    except zstd.ZstdError as error:
        raise RecordPayloadDamaged(f"an output record does not decompress: {error}") from error
    if not decompressor.eof:
        raise RecordPayloadDamaged(
            "an output record's compressed bytes are incomplete or too large"
        )
    return data
