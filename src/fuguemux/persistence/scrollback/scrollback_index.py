"""The index of a pane's scrollback: which blocks it has, and where they are. It is the payload of a pack's INDEX entry."""

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
    """If not 0, the block is a tombstone: its lines could not be read when the index was written. The number of bytes it
    had.

    A tombstone has no entry: offset and length are 0, and `pack` has no meaning.
    """


class Index(msgspec.Struct, frozen=True, array_like=True):
    """A pane's scrollback in a checkpoint: the payload of a pack's INDEX entry, as MessagePack."""

    base: int
    first: int
    """The number of the first block's first line; at most `base`."""
    packs: tuple[bytes, ...]
    blocks: tuple[BlockRow, ...]


def encode_index(index: Index) -> bytes:
    """The payload of an INDEX entry."""
    return msgspec.msgpack.encode(index)


def decode_index(payload: bytes) -> Index:
    """Undo `encode_index`. Raises PackDamaged."""
    try:
        index = msgspec.msgpack.decode(payload, type=Index)
    except msgspec.DecodeError as error:
        raise PackDamaged(f"a scrollback index does not decode: {error}") from error
    sound = all(0 <= row.pack < len(index.packs) and row.count > 0 for row in index.blocks)
    lines = sum(row.count for row in index.blocks)
    if not sound or not index.first <= index.base <= index.first + lines:
        raise PackDamaged("a scrollback index contradicts itself")
    return index
