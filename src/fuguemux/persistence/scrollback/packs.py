"""Packs: immutable files of entries, named by their content: `pack-<blake2b-128, 32 hex digits>`.

    0        8       10      12     16         32
    | magic  | major | minor | zero | store id | entries ...
    | 8s     | u16   | u16   | u32  | 16s      |

    entry:  0      1       2      4      8        12     16
    | kind | flags | zero | pane | length | CRC  | payload ...
    | u8   | u8    | u16  | u32  | u32    | u32  |

Little-endian. The CRC-32 covers the payload and starts from that of the 12 bytes before it, so that an entry can be read,
checked and salvaged without a manifest. Kinds: 1 structure snapshot, 2 screen, 3 scrollback index, 4 scrollback block.
Flag 1: the payload is a zstd frame. An unknown kind is skipped.
"""

import contextlib
import struct
import sys
from collections.abc import Iterator
from enum import IntEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

from fuguemux.persistence.storage.checksum import crc32
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.set_aside import quarantine_beside, set_aside
from fuguemux.persistence.storage.whole_files import write_all

if TYPE_CHECKING or sys.version_info < (3, 14):
    from backports import zstd
else:
    from compression import zstd

MAGIC: Final = b"FUGUEPAK"
MAJOR: Final = 1
MINOR: Final = 0
FILE_HEADER: Final = struct.Struct("<8sHHI16s")
ENTRY_FRONT: Final = struct.Struct("<BBHII")
ENTRY_CRC: Final = struct.Struct("<I")
ENTRY_HEADER_BYTES: Final = ENTRY_FRONT.size + ENTRY_CRC.size
DIGEST_BYTES: Final = 16
PACK_BYTES_MAX: Final = 8 << 20
"""A pack that reaches this size is finished and another one begins, so that compaction never has to copy more at once."""
ENTRY_BYTES_MAX: Final = 256 << 20
PACK_FILE_BYTES_MAX: Final = PACK_BYTES_MAX + 2 * ENTRY_BYTES_MAX
"""The largest pack of a checkpoint: the last entry may go beyond `PACK_BYTES_MAX`. The pack of a save may be larger."""
READ_BYTES: Final = 1 << 20
FLAG_ZSTD: Final = 0x01
PREFIX: Final = "pack-"
TEMPORARY_SUFFIX: Final = ".tmp"
assert FILE_HEADER.size == 32
assert ENTRY_HEADER_BYTES == 16


class EntryKind(IntEnum):
    """What an entry holds. Numbers are stored and never reused; zero is never valid."""

    STRUCTURE = 1
    SCREEN = 2
    INDEX = 3
    BLOCK = 4


class PackPlace(NamedTuple):
    """Where an entry is: the pack's digest, the offset of the entry's header, and the length including the header."""

    digest: bytes
    offset: int
    length: int


class PackDamaged(Exception):
    """A pack, or an entry of it, is missing or has other bytes than were written."""


class PackUnreadable(PackDamaged):
    """The system refused to read a pack. It may be undamaged, and readable at another time."""


def pack_name(digest: bytes) -> str:
    """The file name of a pack."""
    return PREFIX + digest.hex()


def pack_digest(name: str) -> bytes | None:
    """Return the digest in a file name, or None if it is not a pack's name."""
    digits = name.removeprefix(PREFIX)
    if digits == name or len(digits) != 2 * DIGEST_BYTES:
        return None
    try:
        digest = bytes.fromhex(digits)
    except ValueError:
        return None
    return digest if pack_name(digest) == name else None


def encode_entry(kind: EntryKind, pane: int, payload: bytes, *, packed: bool = False) -> bytes:
    """Encode one entry. `packed`: the payload is a zstd frame."""
    front = ENTRY_FRONT.pack(kind, FLAG_ZSTD if packed else 0, 0, pane, len(payload))
    return b"".join((front, ENTRY_CRC.pack(crc32(payload, crc32(front))), payload))


def decode_entry(data: bytes, kind: EntryKind, pane: int) -> bytes:
    """Return the decompressed payload of an entry. Raises PackDamaged unless it is whole and the requested one."""
    payload, flags = _checked(data, kind, pane)
    if not flags & FLAG_ZSTD:
        return payload
    return decompress(payload, ENTRY_BYTES_MAX)


def packed_payload(data: bytes, kind: EntryKind, pane: int) -> bytes:
    """As `decode_entry`, but without decompressing."""
    return _checked(data, kind, pane)[0]


def check_entry(data: bytes, kind: EntryKind, pane: int) -> None:
    """Raise PackDamaged unless an entry is whole and the requested one."""
    _checked(data, kind, pane)


def _checked(data: bytes, kind: EntryKind, pane: int) -> tuple[bytes, int]:
    if len(data) < ENTRY_HEADER_BYTES:
        raise PackDamaged("an entry is cut off")
    found_kind, flags, _zero, found_pane, length = ENTRY_FRONT.unpack_from(data)
    (crc,) = ENTRY_CRC.unpack_from(data, ENTRY_FRONT.size)
    payload = data[ENTRY_HEADER_BYTES:]
    if len(payload) != length or crc32(payload, crc32(data[: ENTRY_FRONT.size])) != crc:
        raise PackDamaged("the checksum of an entry does not match")
    if (found_kind, found_pane) != (kind, pane):
        raise PackDamaged(
            f"an entry is of kind {found_kind} for %{found_pane}, not {kind} for %{pane}"
        )
    return payload, flags


def compress(data: bytes, level: int) -> bytes:
    """Return the data as one zstd frame."""
    packed: bytes = zstd.compress(data, level=level)
    return packed


def decompress(packed: bytes, bytes_max: int) -> bytes:
    """Decompress a zstd frame. Raises PackDamaged if it is not a whole frame, or larger than `bytes_max`."""
    decompressor = zstd.ZstdDecompressor()
    try:
        data: bytes = decompressor.decompress(packed, max_length=bytes_max)
    except zstd.ZstdError as error:
        raise PackDamaged(f"an entry does not decompress: {error}") from error
    if not decompressor.eof:
        raise PackDamaged("an entry's compressed bytes are incomplete or too large")
    return data


def zstd_content_size(packed: bytes) -> int | None:
    """The content size that a zstd frame states. None if it states none, or if it is not a frame."""
    try:
        size: int | None = zstd.get_frame_info(packed).decompressed_size
    except zstd.ZstdError:
        return None
    return size


class PackWriter:
    """Writes one pack. The file has a temporary name until `publish`. Not thread-safe; every method may raise OSError."""

    def __init__(self, storage: Storage, directory: str, store_id: bytes, label: str) -> None:
        """Create a temporary file. `label` distinguishes it from others that are being written."""
        self._storage = storage
        self._directory = directory
        self._temporary = f"{directory}/{PREFIX}{label}{TEMPORARY_SUFFIX}"
        self._hash = blake2b(digest_size=DIGEST_BYTES)
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._written = 0
        self._published = False
        with contextlib.suppress(FileNotFoundError):
            storage.unlink(self._temporary)
        self._file = storage.create(self._temporary)
        self._put(FILE_HEADER.pack(MAGIC, MAJOR, MINOR, 0, store_id))

    @property
    def published(self) -> bool:
        """Whether the file has its final name."""
        return self._published

    @property
    def size_bytes(self) -> int:
        return self._written + self._parts_bytes

    def add(self, kind: EntryKind, pane: int, payload: bytes, *, packed: bool = False) -> int:
        """Append an entry and return its offset. Its length is `ENTRY_HEADER_BYTES` more than the payload's."""
        offset = self.size_bytes
        self._put(encode_entry(kind, pane, payload, packed=packed))
        return offset

    def add_entry(self, entry: bytes) -> int:
        """Append an entry copied from another pack, and return its offset."""
        offset = self.size_bytes
        self._put(entry)
        return offset

    def _put(self, data: bytes) -> None:
        self._parts.append(data)
        self._parts_bytes += len(data)
        if self._parts_bytes >= READ_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write buffered bytes to the file."""
        for part in self._parts:
            self._hash.update(part)
        write_all(self._storage, self._file, self._parts, self._written)
        self._written += self._parts_bytes
        self._parts.clear()
        self._parts_bytes = 0

    def sync(self) -> bytes:
        """Make the bytes durable and read them back. Returns the digest. Raises PackDamaged if they differ."""
        self.flush()
        self._storage.fsync(self._file)
        digest = self._hash.digest()
        if file_digest(self._storage, self._file, self._written) != digest:
            raise PackDamaged("what was written to a pack cannot be read back: check the disk")
        return digest

    def publish(self, digest: bytes, name: str = "") -> None:
        """Rename the file to the name of its digest, or to `name`. Durable after the next `fsync_directory`.

        A file with the name of this digest and other content, as after a swap of files, is set aside.
        """
        self._storage.close(self._file)
        self._file = -1
        target = f"{self._directory}/{name or pack_name(digest)}"
        there = not name and self._storage.exists(target)
        if there and not holds_pack(self._storage, target, digest):
            set_aside(self._storage, target, quarantine_beside(self._directory))
        self._storage.rename(self._temporary, target)
        self._published = True

    def abandon(self) -> None:
        """Remove the temporary file if possible."""
        if self._published:
            return
        if self._file >= 0:
            with contextlib.suppress(OSError):
                self._storage.close(self._file)
            self._file = -1
        with contextlib.suppress(OSError):
            self._storage.unlink(self._temporary)


def file_digest(storage: Storage, file: int, size: int) -> bytes:
    """Return the digest of a file of `size` bytes. Raises PackDamaged for a file of another size, before it reads
    anything.
    """
    found = storage.size(file)
    if found != size:
        raise PackDamaged(f"a pack has {found} bytes where {size} were written")
    digest = blake2b(digest_size=DIGEST_BYTES)
    offset = 0
    while offset < size and (chunk := storage.pread(file, min(READ_BYTES, size - offset), offset)):
        digest.update(chunk)
        offset += len(chunk)
    if offset != size:
        raise PackDamaged(f"a pack has {offset} bytes where {size} were written")
    return digest.digest()


def holds_pack(storage: Storage, path: str, digest: bytes) -> bool:
    """Whether a file is the pack with that digest. If not, files were swapped, and it may be the only copy of another
    one.
    """
    try:
        file = storage.open(path)
    except OSError:
        return False
    try:
        size = storage.size(file)
        # Do not read a file whose size is damaged: it may be a hole of terabytes.
        return size <= PACK_FILE_BYTES_MAX and file_digest(storage, file, size) == digest
    except (OSError, PackDamaged):
        return False
    finally:
        storage.close(file)


class PackEntry(NamedTuple):
    """An entry found by walking through a pack."""

    kind: int
    pane: int
    place: PackPlace


def entries_of(data: bytes, digest: bytes) -> Iterator[PackEntry]:
    """Yield the entries of a pack up to the first that does not verify. For salvage and inspection."""
    offset = FILE_HEADER.size
    while offset + ENTRY_HEADER_BYTES <= len(data):
        kind, _flags, _zero, pane, length = ENTRY_FRONT.unpack_from(data, offset)
        end = offset + ENTRY_HEADER_BYTES + length
        (crc,) = ENTRY_CRC.unpack_from(data, offset + ENTRY_FRONT.size)
        front = data[offset : offset + ENTRY_FRONT.size]
        if end > len(data) or crc32(data[offset + ENTRY_HEADER_BYTES : end], crc32(front)) != crc:
            return
        yield PackEntry(kind, pane, PackPlace(digest, offset, end - offset))
        offset = end
