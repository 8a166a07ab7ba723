"""One segment file: its name, its header, and its creation before it is needed.

A segment is a file of fixed size that was filled with zeros, and whose name was made durable, before it is used. It
starts with two copies of the header, one per 4 KiB block, because without a header the records cannot be read. Records
follow from byte 8192.

     0        8       10      12         13     16      32      40     48     56     64
     | magic  | major | minor | checksum | zero | store | id    | base | salt | prev | prev ...
     | 8s     | u16   | u16   | u8       | 3    | 16s   | u64   | LSN  | u64  | id   | last LSN
     72        80     88      96     104    112
     | durable | wall | bytes | life | life | CRC u32 over the 112 bytes before it
     | LSN u64 | ms   | u64   | u64  | base |

An all-zero header means that the segment is a spare. `prev last LSN` seals the segment before: later LSNs in that
segment are not part of the log. `durable LSN` is the last LSN that was durable when the segment was opened; it testifies
like a record's lag. `life` identifies the writer's life, and `life base` is the first LSN that it wrote: records of an
earlier life at or beyond it are void, even if the segment in which this life began never reached the disk.
"""

import contextlib
import struct
from typing import Final, NamedTuple

from fuguemux.persistence.storage.checksum import crc32
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.wal.record import BLOCK_BYTES

MAGIC: Final = b"FUGUEWAL"
MAJOR: Final = 1
MINOR: Final = 0
CHECKSUM_CRC32: Final = 1
FIELDS: Final = struct.Struct("<8sHHB3x16sQQQQQQQQQQ")
VERSION: Final = struct.Struct("<8sHH")
CRC: Final = struct.Struct("<I")
HEADER_COPIES: Final = 2
RECORDS_OFFSET: Final = HEADER_COPIES * BLOCK_BYTES
SEGMENT_BYTES_MIN: Final = 64 << 10
SEGMENT_BYTES_MAX: Final = 1 << 30
"""The largest segment (`persistence.wal_segment_mb`). What a larger file contains beyond this is not read."""
ZERO_FILL_BYTES: Final = 1 << 20
# Spares get identifiers this far apart. Segments that are made without a spare get identifiers between them.
SEGMENT_ID_STRIDE: Final = 1 << 16
SUFFIX: Final = ".wal"
VOID_MAGIC: Final = b"FUGUEVOI"
VOID_FIELDS: Final = struct.Struct("<8sQ")
VOID_BYTES: Final = 512
"""A sector. A disk writes it as a whole or not at all, or leaves garbage."""
_NAME_DIGITS: Final = 16
ZEROS: Final = bytes(ZERO_FILL_BYTES)
assert FIELDS.size == 112
assert RECORDS_OFFSET < SEGMENT_BYTES_MIN


class UnsupportedLog(Exception):
    """The log was written by another version. Nothing more was read, and nothing was changed."""


class SegmentHeader(NamedTuple):
    """The content of a segment's header. Times are wall milliseconds since the epoch."""

    store_id: bytes
    segment_id: int
    base_lsn: int
    salt: int
    previous_id: int
    previous_last_lsn: int
    durable_lsn: int
    opened_ms: int
    segment_bytes: int
    life: int
    life_base_lsn: int
    minor: int = MINOR


def seed_of(salt: int) -> int:
    """The value with which the CRC of every record header of a segment starts."""
    return crc32(salt.to_bytes(8, "little"))


def segment_name(segment_id: int) -> str:
    """The file name of a segment."""
    return f"{segment_id:0{_NAME_DIGITS}x}{SUFFIX}"


def segment_id_of(name: str) -> int | None:
    """The identifier in a file name, or None if it is not a segment's name."""
    digits = name.removesuffix(SUFFIX)
    if digits == name or len(digits) != _NAME_DIGITS:
        return None
    try:
        number = int(digits, 16)
    except ValueError:
        return None
    return number if segment_name(number) == name else None


def encode_header(header: SegmentHeader) -> bytes:
    """Both header blocks, `RECORDS_OFFSET` bytes in all."""
    fields = FIELDS.pack(
        MAGIC,
        MAJOR,
        header.minor,
        CHECKSUM_CRC32,
        header.store_id,
        header.segment_id,
        header.base_lsn,
        header.salt,
        header.previous_id,
        header.previous_last_lsn,
        header.durable_lsn,
        header.opened_ms,
        header.segment_bytes,
        header.life,
        header.life_base_lsn,
    )
    block = (fields + CRC.pack(crc32(fields))).ljust(BLOCK_BYTES, b"\0")
    return block * HEADER_COPIES


def decode_header(front: bytes) -> SegmentHeader | None:
    """The header in the first `RECORDS_OFFSET` bytes. None if no copy of it can be read.

    Raises UnsupportedLog for a major version or checksum that this program does not know.
    """
    majors: list[int] = []
    for copy in range(HEADER_COPIES):
        block = front[copy * BLOCK_BYTES : (copy + 1) * BLOCK_BYTES]
        if len(block) < FIELDS.size + CRC.size:
            continue
        magic, major, minor = VERSION.unpack_from(block)
        if magic == MAGIC:
            majors.append(major)
        if magic != MAGIC or major != MAJOR:
            continue
        fields = block[: FIELDS.size]
        if CRC.unpack_from(block, FIELDS.size) != (crc32(fields),):
            continue
        checksum = fields[12]
        if checksum != CHECKSUM_CRC32:
            raise UnsupportedLog(
                f"log checksum {checksum} is unknown to this version of fugue: use the one that wrote it"
            )
        return SegmentHeader._make((*FIELDS.unpack(fields)[4:], minor))
    # A flipped bit in one copy is damage. Two copies that agree are another version.
    if len(majors) == HEADER_COPIES and majors[0] == majors[1] != MAJOR:
        raise UnsupportedLog(
            f"log format {majors[0]} is unknown to this version of fugue, which reads {MAJOR}: "
            "use the version that wrote it"
        )
    return None


def encode_void(segment_id: int) -> bytes:
    """The content that replaces each copy of a header when the segment is not needed any more, until its name is
    removed."""
    fields = VOID_FIELDS.pack(VOID_MAGIC, segment_id)
    return (fields + CRC.pack(crc32(fields))).ljust(VOID_BYTES, b"\0")


def is_void(front: bytes, segment_id: int) -> bool:
    """Whether a copy of the header in the first `RECORDS_OFFSET` bytes says that the segment is void."""
    void = encode_void(segment_id)
    return any(front.startswith(void, copy * BLOCK_BYTES) for copy in range(HEADER_COPIES))


def store_of(storage: Storage, path: str) -> bytes | None:
    """The store that a segment names. None: its header cannot be read. Raises nothing."""
    try:
        file = storage.open(path)
    except OSError:
        return None
    try:
        header = decode_header(storage.pread(file, RECORDS_OFFSET, 0))
    except (OSError, UnsupportedLog):
        return None
    finally:
        storage.close(file)
    return header.store_id if header is not None else None


def create_segment(
    storage: Storage, directory: str, segment_id: int, segment_bytes: int, *, filled: bool = True
) -> int:
    """Create a spare: a file of zeros of the given size, durable in content and name. Returns the open file.

    Blocks for all of it (26 ms for 16 MiB on the machine on which it was measured). Without `filled` the zeros are a
    hole: quick to make, slower to write to, with no space reserved. Raises OSError after removing what it made, where
    that is possible.
    """
    path = f"{directory}/{segment_name(segment_id)}"
    file = storage.create(path)
    try:
        if filled:
            fill_with_zeros(storage, file, segment_bytes)
        else:
            storage.truncate(file, segment_bytes)
        storage.fsync(file)
        storage.fsync_directory(directory)
    except OSError:
        discard(storage, path, file)
        raise
    return file


def fill_with_zeros(storage: Storage, file: int, size: int) -> None:
    """Write `size` zeros: allocated and initialised, which `fallocate` alone would not do."""
    offset = 0
    while offset < size:
        piece = ZEROS if size - offset >= ZERO_FILL_BYTES else memoryview(ZEROS)[: size - offset]
        written = storage.pwrite(file, piece, offset)
        if written <= 0:
            raise OSError("the file takes no more bytes")
        offset += written


def discard(storage: Storage, path: str, file: int) -> None:
    """Close and remove a file whose content is not needed. Failures do not matter."""
    with contextlib.suppress(OSError):
        storage.close(file)
    with contextlib.suppress(OSError):  # a file that remains is recognised as a spare
        storage.unlink(path)
