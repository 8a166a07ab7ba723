"""Blocks of scrollback: some hundred logical lines of one pane, compressed together, never changed again.

     | count u32 | pieces u32 | index u32 ... | line \\n line \\n ... line |

The payload of a pack's BLOCK entry, a zstd frame of the above, little-endian. Lines are self-contained ANSI in UTF-8 without
line ends. `index` lists the lines that go on where the line before them ended: pieces of one long logical line.
"""

import re
import struct
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from fuguemux.persistence.packs import PackDamaged, Place, compress, decompress

BLOCK_LINES_MAX: Final = 1024
BLOCK_BYTES_MAX: Final = 64 << 10
"""A block is finished when it has so many lines or raw bytes; one line may be longer than that."""
BLOCK_RAW_BYTES_MAX: Final = 256 << 20
PIECE_BYTES_MAX: Final = 16 << 10
"""A line that is handed over in pieces is put together up to this size; behind it begins a new piece."""
COMPRESSION_LEVEL: Final = 3
_COUNTS: Final = struct.Struct("<II")

_ESCAPES: Final = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])"
)


_LINE_BY_LINE: Final = ("(?", "\\A", "\\Z", "\\z", "++", "*+", "?+", "}+")


class Line(NamedTuple):
    """A stored line. `continued`: it goes on where the line before it ended."""

    data: bytes
    continued: bool


class Lines(NamedTuple):
    """The content of a block. `pieces` are the indices of the lines that continue the one before."""

    text: bytes
    size: int
    pieces: frozenset[int]

    def split(self) -> list[bytes]:
        """The lines, in order."""
        return self.text.split(b"\n") if self.size else []


class Block:
    """A finished block: in memory until a checkpoint has put it into a pack, from then on there."""

    __slots__ = (
        "count",
        "dropped",
        "first",
        "line_bytes_max",
        "packed",
        "place",
        "raw_bytes",
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
        place: Place | None = None,
    ) -> None:
        self.first = first
        self.count = count
        self.raw_bytes = raw_bytes
        self.line_bytes_max = line_bytes_max
        self.packed = packed
        self.place = place
        self.widths: array[int] | None = None
        self.dropped = False

    @property
    def end(self) -> int:
        """The number of the line behind the last."""
        return self.first + self.count

    @property
    def full(self) -> bool:
        """Whether nothing more goes into it."""
        return self.count >= BLOCK_LINES_MAX or self.raw_bytes >= BLOCK_BYTES_MAX


def joined_text(lines: Sequence[bytes]) -> bytes:
    """The lines with a newline between them. A newline inside a line, which no engine gives, becomes a blank."""
    text = b"\n".join(lines)
    if lines and text.count(b"\n") != len(lines) - 1:
        text = b"\n".join([line.replace(b"\n", b" ") for line in lines])
    return text


def pack_lines(text: bytes, count: int, pieces: Sequence[int], level: int) -> bytes:
    """The compressed form of a block."""
    header = _COUNTS.pack(count, len(pieces)) + struct.pack(f"<{len(pieces)}I", *pieces)
    return compress(header + text, level)


def unpack_lines(packed: bytes, expected: int) -> Lines:
    """What `pack_lines` made of `expected` lines. Raises PackDamaged."""
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
    return Lines(text, count, frozenset(indices))


# -- what lines look like ---------------------------------------------------------------------


def plain(text: bytes) -> bytes:
    """`text` without escape sequences."""
    return _ESCAPES.sub(b"", text) if b"\x1b" in text else text


@lru_cache(maxsize=4096)
def _cells(character: str) -> int:
    if unicodedata.combining(character) or character in "\u200d\ufe0e\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cells_of(line: bytes) -> int:
    """About how many cells wide a line without escape sequences is."""
    if line.isascii():
        return len(line)
    return sum(map(_cells, line.decode("utf-8", "replace")))


def widths_of(content: Lines) -> "array[int]":
    """Pairs of a width in cells and how many lines of a block have it."""
    lines = plain(content.text).split(b"\n")
    counts = Counter(map(len if content.text.isascii() else cells_of, lines))
    return array("I", [number for pair in sorted(counts.items()) for number in pair])


def rows_at(widths: "array[int]", columns: int) -> int:
    """How many rows lines of these widths take on a screen of `columns`."""
    pairs = zip(widths[::2], widths[1::2], strict=True)
    return sum(count * max(1, -(-width // columns)) for width, count in pairs)


# -- searching --------------------------------------------------------------------------------


class Pattern:
    """What is searched for: a text, or a regular expression, within one logical line without its styles."""

    def __init__(self, text: str, *, regex: bool = False, ignore_case: bool = False) -> None:
        """Raises ValueError for a regular expression that is none."""
        flags = re.IGNORECASE if ignore_case else re.NOFLAG
        expression = text if regex else re.escape(text)
        try:
            self._expression = re.compile(expression, flags)
            # Whole blocks at once are much quicker than lines; what looks around itself must not see other lines.
            whole = not any(mark in text for mark in _LINE_BY_LINE) if regex else True
            self._whole = re.compile(expression, flags | re.MULTILINE) if whole else None
        except re.error as error:
            raise ValueError(f"not a regular expression: {text}: {error}") from error
        needle = text.encode("utf-8", "surrogateescape")
        # Only letters of ASCII have their cases side by side in bytes.
        self._needle = needle if not regex and (not ignore_case or needle.isascii()) else b""
        self._sensitive = not ignore_case
        gap = rb"(?:\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)))*"
        styled = gap.join(re.escape(bytes((byte,))) for byte in self._needle)
        self._styled = re.compile(styled, flags & re.IGNORECASE) if self._needle else None

    def candidates(self, text: bytes) -> Iterator[int]:
        """Offsets in the raw lines of a block, at most one per line, that may be in a line that matches."""
        if self._styled is None:
            yield from self._decoded_candidates(text)
            return
        if b"\x1b" not in text:
            needle = self._needle
            if not self._sensitive:
                text, needle = text.lower(), needle.lower()
            at = text.find(needle)
            while at >= 0:
                yield at
                after = text.find(b"\n", at)
                at = text.find(needle, after) if after >= 0 else -1
            return
        found = self._styled.search(text)
        while found is not None:
            yield found.start()
            after = text.find(b"\n", found.start())
            found = self._styled.search(text, after) if after >= 0 else None

    def _decoded_candidates(self, text: bytes) -> Iterator[int]:
        """Every line that the expression matches, by its start in the raw text."""
        offset = 0
        decoded = plain(text).decode("utf-8", "replace")
        if self._whole is not None and self._whole.search(decoded) is None:
            return
        lines = decoded.split("\n")
        for line, raw in zip(lines, text.split(b"\n"), strict=True):
            if self._expression.search(line):
                yield offset
            offset += len(raw) + 1

    def spans(self, line: bytes) -> list[tuple[int, int]]:
        """Where in the text of a logical line it matches, as offsets of characters."""
        text = plain(line).decode("utf-8", "replace")
        return [match.span() for match in self._expression.finditer(text) if match.group()]
