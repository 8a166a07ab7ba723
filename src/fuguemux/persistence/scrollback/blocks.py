r"""Blocks of scrollback: some hundred logical lines of one pane, compressed together, never changed again.

    | count u32 | pieces u32 | index u32 ... | line \\n line \\n ... line |

This is the payload of a pack's BLOCK entry, as a zstd frame, little-endian. Lines are self-contained ANSI in UTF-8
without line ends. `index` lists the lines that go on where the line before them ended: pieces of one long logical line.
"""

import struct
import unicodedata
from array import array
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from fuguemux.persistence.scrollback.packs import PackDamaged, PackPlace, compress, decompress
from fuguemux.persistence.scrollback.pattern import plain

BLOCK_LINES_MAX: Final = 1024
BLOCK_BYTES_MAX: Final = 64 << 10
"""A block is finished when it has this many lines or raw bytes. A single line may be longer than that."""
BLOCK_RAW_BYTES_MAX: Final = 256 << 20
PIECE_BYTES_MAX: Final = 16 << 10
"""A line that arrives in pieces is joined up to this size; after that a new piece begins."""
COMPRESSION_LEVEL: Final = 3
_COUNTS: Final = struct.Struct("<II")


class Line(NamedTuple):
    """A stored line. `continued`: it goes on where the line before it ended."""

    data: bytes
    continued: bool


class BlockLines(NamedTuple):
    """The content of a block. `pieces` are the indices of lines that continue the line before them."""

    text: bytes
    size: int
    pieces: frozenset[int]

    def split(self) -> list[bytes]:
        """The lines, in order."""
        return self.text.split(b"\n") if self.size else []


class LostBlock(NamedTuple):
    """What is known of a block that cannot be read: how many bytes it had on the disk, and why."""

    size_bytes: int
    reason: str


class Block:
    """A finished block: in memory until a checkpoint has put it into a pack, then there.

    A `lost` block is a tombstone: it has only its line numbers. `unread`: the last attempt could not read it.
    """

    __slots__ = (
        "count",
        "dropped",
        "first",
        "line_bytes_max",
        "lost",
        "packed",
        "place",
        "raw_bytes",
        "unread",
        "widths",
    )

    def __init__(
        self,
        first: int,
        count: int,
        raw_bytes: int,
        line_bytes_max: int,
        *,
        packed: bytes | None = None,
        place: PackPlace | None = None,
        lost: LostBlock | None = None,
    ) -> None:
        self.first = first
        self.count = count
        self.raw_bytes = raw_bytes
        self.line_bytes_max = line_bytes_max
        self.packed = packed
        self.place = place
        self.lost = lost
        self.widths: array[int] | None = None
        self.dropped = False
        self.unread = False

    @property
    def end(self) -> int:
        """The number of the line after the last."""
        return self.first + self.count

    @property
    def full(self) -> bool:
        """Whether no more lines go into it."""
        return self.count >= BLOCK_LINES_MAX or self.raw_bytes >= BLOCK_BYTES_MAX


def joined_text(lines: Sequence[bytes]) -> bytes:
    """Join lines with newlines. A newline inside a line, which no terminal engine produces, becomes a blank."""
    text = b"\n".join(lines)
    if lines and text.count(b"\n") != len(lines) - 1:
        text = b"\n".join([line.replace(b"\n", b" ") for line in lines])
    return text


def pack_lines(text: bytes, count: int, pieces: Sequence[int], level: int) -> bytes:
    """Return the compressed form of a block."""
    header = _COUNTS.pack(count, len(pieces)) + struct.pack(f"<{len(pieces)}I", *pieces)
    return compress(header + text, level)


def unpack_lines(packed: bytes, expected: int) -> BlockLines:
    """Undo `pack_lines` for a block of `expected` lines. Raises PackDamaged."""
    raw = decompress(packed, BLOCK_RAW_BYTES_MAX)
    if len(raw) < _COUNTS.size:
        raise PackDamaged("a block of scrollback is too short")
    count, pieces = _COUNTS.unpack_from(raw)
    start = _COUNTS.size + 4 * pieces
    if count != expected:
        raise PackDamaged("a block of scrollback is not the one that its index names")
    if pieces > count or start > len(raw):
        raise PackDamaged("a block of scrollback contradicts itself")
    indices = struct.unpack_from(f"<{pieces}I", raw, _COUNTS.size)
    text = raw[start:]
    if count and text.count(b"\n") != count - 1:
        raise PackDamaged("a block of scrollback has another number of lines than it says")
    return BlockLines(text, count, frozenset(indices))


def notice_of(count: int, size_bytes: int, why: str) -> BlockLines:
    """What is shown in place of `count` lines that cannot be read: one row that says so, then empty lines."""
    lines = "1 line" if count == 1 else f"{count:,} lines"
    size = f" ({size_bytes:,} bytes)" if size_bytes else ""
    notice = f"\x1b[7m[{lines}{size} cannot be read: {why}]\x1b[m".encode()
    return BlockLines(notice + b"\n" * (count - 1), count, frozenset())


def blank_of(count: int) -> BlockLines:
    """Return `count` empty lines."""
    return BlockLines(b"\n" * (count - 1), count, frozenset())


# -- what lines look like ---------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _cells(character: str) -> int:
    if unicodedata.combining(character) or character in "\u200d\ufe0e\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cells_of(line: bytes) -> int:
    """The approximate width in cells of a line without escape sequences."""
    if line.isascii():
        return len(line)
    return sum(map(_cells, line.decode("utf-8", "replace")))


def widths_of(content: BlockLines) -> "array[int]":
    """Pairs of a width in cells and the number of a block's lines with this width."""
    lines = plain(content.text).split(b"\n")
    counts = Counter(map(len if content.text.isascii() else cells_of, lines))
    return array("I", [number for pair in sorted(counts.items()) for number in pair])


def rows_at(widths: "array[int]", columns: int) -> int:
    """The number of rows that lines of these widths take on a screen of `columns`."""
    pairs = zip(widths[::2], widths[1::2], strict=True)
    return sum(count * max(1, -(-width // columns)) for width, count in pairs)
