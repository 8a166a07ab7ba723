"""A checkpoint's table of contents: `MANIFEST-<number, 16 hex digits>`.

    0        8       10      12       16      20
    | magic  | major | minor | length | CRC   | MessagePack array ...
    | 8s     | u16   | u16   | u32    | u32   |

Little-endian. The CRC-32 covers the payload and starts from that of the 16 bytes before it. A manifest names the packs
that it needs, where in them the structure and each pane's screen and scrollback index are, and from which LSN on the log
has to be replayed. It is written once, under a new number, and never changed. Structs are append-only.
"""

import errno
import os
import struct
from typing import Final, NamedTuple

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.packs import PackPlace
from fuguemux.persistence.storage.checksum import crc32

MAGIC: Final = b"FUGUEMAN"
MAJOR: Final = 1
MINOR: Final = 0
FRONT: Final = struct.Struct("<8sHHI")
CRC: Final = struct.Struct("<I")
HEADER_BYTES: Final = FRONT.size + CRC.size
MANIFEST_BYTES_MAX: Final = 64 << 20
"""Of a file. A larger one is not written, and counts as damaged."""
PREFIX: Final = "MANIFEST-"
SAVE_PREFIX: Final = "SAVE-"
_NAME_DIGITS: Final = 16
assert HEADER_BYTES == 20


class ManifestDamaged(Exception):
    """The file is not a whole manifest."""


class ManifestUnsupported(Exception):
    """Another major version wrote it. It is not damaged; use that version."""


class ManifestPart(msgspec.Struct, frozen=True, array_like=True):
    """Base class of the parts of a manifest."""


class PackFile(ManifestPart, frozen=True):
    """A pack that the checkpoint needs. `digest` is its name and its checksum."""

    digest: bytes
    size_bytes: int


class Entry(ManifestPart, frozen=True):
    """Where an entry of a pack is. `pack` is an index into the manifest's packs."""

    pack: int
    offset: int
    length: int


class PaneEntry(ManifestPart, frozen=True):
    """One pane as of `lsn`, after its output up to byte `output_offset`."""

    pane: PaneId
    lsn: int
    output_offset: int
    columns: int
    rows: int
    screen: Entry
    index: Entry | None
    """The index of the scrollback. None if it has no lines."""
    packs: tuple[int, ...] = ()
    """The packs with the scrollback's blocks: indices into the manifest's packs."""


class Manifest(ManifestPart, frozen=True):
    """A checkpoint. Times are wall-clock milliseconds since the epoch."""

    number: int
    store_id: bytes
    created_ms: int
    reason: str
    program: str
    """Name and version of the fugue that wrote it."""
    engine: str
    """Name and versions of the terminal engine whose snapshots it contains."""
    structure_lsn: int
    """The LSN of the last record that is part of the structure."""
    wal_start_lsn: int
    """Replay needs every record above this LSN, and none at or below it."""
    next_lsn: int
    """Higher than every LSN in the checkpoint, so that no LSN is used twice if the log is gone."""
    previous: int
    packs: tuple[PackFile, ...]
    structure: Entry
    panes: tuple[PaneEntry, ...]
    sessions: tuple[str, ...] = ()
    """Session names, for lists of checkpoints."""
    scrollback_lines: int = 0
    new_bytes: int = 0
    """The bytes that this checkpoint added to the disk, without the manifest."""
    held: Entry | None = None
    """An older structure, for panes that were not ready: replay takes their sizes from it."""
    held_lsn: int = 0
    name: str = ""
    """If not empty, a user saved it under this name, and it stays until they delete it."""
    brief: bool = False
    """Whether it is a brief closed session: it lived for seconds and left almost nothing."""
    missing: tuple[str, ...] = ()
    """If it was made while no server ran, one sentence for each part of its source that could not be read. The next start
    reports them.
    """


class StoredPane(NamedTuple):
    """A pane's entry with the places of its parts."""

    lsn: int
    output_offset: int
    columns: int
    rows: int
    screen: PackPlace
    scrollback: PackPlace | None
    """The place of its index."""
    packs: frozenset[bytes] = frozenset()
    """The packs with the blocks that the index names."""

    def digests(self) -> set[bytes]:
        """Every pack that contains a part of the pane."""
        places = (self.screen, self.scrollback)
        return {place.digest for place in places if place is not None} | self.packs


def place_of(manifest: Manifest, entry: Entry) -> PackPlace:
    """The place of an entry of a manifest."""
    return PackPlace(manifest.packs[entry.pack].digest, entry.offset, entry.length)


def stored_pane(manifest: Manifest, entry: PaneEntry) -> StoredPane:
    """A pane's entry, independent of its manifest."""
    index = place_of(manifest, entry.index) if entry.index is not None else None
    return StoredPane(
        entry.lsn,
        entry.output_offset,
        entry.columns,
        entry.rows,
        place_of(manifest, entry.screen),
        index,
        frozenset(manifest.packs[pack].digest for pack in entry.packs),
    )


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Manifest)


def encode_manifest(manifest: Manifest) -> bytes:
    """The content of the file. Raises OSError (EFBIG) if it would be larger than MANIFEST_BYTES_MAX."""
    payload = _encoder.encode(manifest)
    if HEADER_BYTES + len(payload) > MANIFEST_BYTES_MAX:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), "the manifest of a checkpoint")
    front = FRONT.pack(MAGIC, MAJOR, MINOR, len(payload))
    return front + CRC.pack(crc32(payload, crc32(front))) + payload


def decode_manifest(data: bytes) -> Manifest:
    """Undo `encode_manifest`. Raises ManifestDamaged and ManifestUnsupported."""
    if len(data) < HEADER_BYTES:
        raise ManifestDamaged(f"{len(data)} bytes are too few for a manifest")
    if len(data) > MANIFEST_BYTES_MAX:
        raise ManifestDamaged(f"{len(data)} bytes are too many for a manifest")
    magic, major, _minor, length = FRONT.unpack_from(data)
    (crc,) = CRC.unpack_from(data, FRONT.size)
    payload = data[HEADER_BYTES:]
    if magic != MAGIC:
        raise ManifestDamaged("it does not begin like a manifest")
    whole = len(payload) == length and crc32(payload, crc32(data[: FRONT.size])) == crc
    if not whole:
        raise ManifestDamaged("its checksum does not match")
    if major != MAJOR:
        raise ManifestUnsupported(
            f"checkpoint format {major} is unknown to this version of fugue, which reads {MAJOR}: "
            "use the version that wrote it"
        )
    try:
        manifest = _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise ManifestDamaged(f"it does not decode: {error}") from error
    packs = len(manifest.packs)
    entries = [manifest.structure, *([manifest.held] if manifest.held is not None else [])]
    entries += [*(pane.screen for pane in manifest.panes)]
    entries += [pane.index for pane in manifest.panes if pane.index is not None]
    used = [entry.pack for entry in entries] + [n for pane in manifest.panes for n in pane.packs]
    if any(not 0 <= pack < packs for pack in used):
        raise ManifestDamaged("it refers to a pack that it does not name")
    return manifest


def manifest_name(number: int) -> str:
    """The file name of a manifest."""
    return f"{PREFIX}{number:0{_NAME_DIGITS}x}"


def manifest_number(name: str) -> int | None:
    """The number in a file name. None if it is not the name of a manifest."""
    digits = name.removeprefix(PREFIX)
    if digits == name or len(digits) != _NAME_DIGITS:
        return None
    try:
        number = int(digits, 16)
    except ValueError:
        return None
    return number if manifest_name(number) == name else None


def save_name(name: str) -> str:
    """The file name of a save. Every save name gives a valid file name."""
    return SAVE_PREFIX + name.encode().hex()


def saved_name(file_name: str) -> str | None:
    """The name in the file name of a save. None if it is not one."""
    digits = file_name.removeprefix(SAVE_PREFIX)
    if digits == file_name or not digits:
        return None
    try:
        return bytes.fromhex(digits).decode()
    except ValueError:
        return None
