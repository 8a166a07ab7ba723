"""The index of a pane's scrollback: which blocks it has, and where they are. The payload of a pack's INDEX entry."""

import msgspec

from fuguemux.persistence.scrollback.packs import PackDamaged


class BlockRow(msgspec.Struct, frozen=True, array_like=True):
    """A block in an index. `pack` is an index into the index's packs. Append-only."""

    count: int
    pack: int
    offset: int
    length: int
    raw_bytes: int
    line_bytes_max: int
    lost_bytes: int = 0
    """Not 0: a tombstone. The lines could not be read any more when the index was written, and took so many bytes.

    It has no entry: offset and length are 0, and `pack` means nothing.
    """


class Index(msgspec.Struct, frozen=True, array_like=True):
    """A pane's scrollback as a checkpoint knows it: the payload of a pack's INDEX entry, as MessagePack."""

    base: int
    first: int
    """The number of the first block's first line; at most `base`."""
    packs: tuple[bytes, ...]
    blocks: tuple[BlockRow, ...]


def encode_index(index: Index) -> bytes:
    """The payload of an INDEX entry."""
    return msgspec.msgpack.encode(index)


def decode_index(payload: bytes) -> Index:
    """What `encode_index` packed. Raises PackDamaged."""
    try:
        index = msgspec.msgpack.decode(payload, type=Index)
    except msgspec.DecodeError as error:
        raise PackDamaged(f"a scrollback index does not decode: {error}") from error
    sound = all(0 <= row.pack < len(index.packs) and row.count > 0 for row in index.blocks)
    lines = sum(row.count for row in index.blocks)
    if not sound or not index.first <= index.base <= index.first + lines:
        raise PackDamaged("a scrollback index contradicts itself")
    return index
