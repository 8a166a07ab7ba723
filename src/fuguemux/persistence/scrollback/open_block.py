"""The newest lines of a pane, as long as they do not fill a block: uncompressed in memory, and more lines may follow."""

from bisect import bisect_right
from collections.abc import Sequence

from fuguemux.persistence.scrollback.blocks import (
    BLOCK_BYTES_MAX,
    BLOCK_LINES_MAX,
    PIECE_BYTES_MAX,
    Block,
    BlockLines,
    joined_text,
    pack_lines,
)
from fuguemux.persistence.scrollback.packs import PackPlace


class OpenBlock:
    """Lines that are not compressed yet. One thread adds lines; others may read meanwhile."""

    __slots__ = ("lines", "pieces", "place", "raw_bytes", "written")

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.pieces: list[int] = []
        """Indices of the lines that continue the line before them."""
        self.raw_bytes = 0
        """The size of the lines, each with its line end."""
        self.place: PackPlace | None = None
        """Where a checkpoint has put the lines as they were at `written`. None if it has not."""
        self.written = (0, 0)
        """The value of `extent` at that checkpoint."""

    @classmethod
    def reopened(cls, content: BlockLines, place: PackPlace | None) -> "OpenBlock":
        """Open a block again that was not full when a checkpoint put it at `place`."""
        block = cls()
        block.lines = content.split()
        block.pieces = sorted(content.pieces)
        block.raw_bytes = len(content.text) + 1
        block.place = place
        block.written = block.extent
        return block

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def extent(self) -> tuple[int, int]:
        """The number of lines and of raw bytes. Unchanged as long as no line is added."""
        return len(self.lines), self.raw_bytes

    @property
    def full(self) -> bool:
        """Whether no more lines go into it."""
        return len(self.lines) >= BLOCK_LINES_MAX or self.raw_bytes >= BLOCK_BYTES_MAX

    def has_room(self, count: int, size: int) -> bool:
        """Whether the block is not full after `count` more lines of `size` bytes together."""
        return len(self.lines) + count < BLOCK_LINES_MAX and self.raw_bytes + size < BLOCK_BYTES_MAX

    def fitting(self, sizes: Sequence[int], done: int) -> int:
        """Return up to which line of a list this block takes lines, if the first `done` are in blocks already. Takes at
        least one.

        `sizes[n]` is the size of the first n lines.
        """
        room = BLOCK_BYTES_MAX - self.raw_bytes + sizes[done]
        # The line that crosses the limit still goes into the block.
        stop = min(bisect_right(sizes, room - 1, done), done + BLOCK_LINES_MAX - len(self.lines))
        return min(max(stop, done + 1), len(sizes) - 1)

    def extend(self, lines: Sequence[bytes], size: int) -> None:
        """Add lines of `size` bytes together."""
        self.lines.extend(lines)
        self.raw_bytes += size

    def join(self, piece: bytes) -> bool:
        """Append a piece to the last line if that stays short. Otherwise return False: the piece becomes a line that
        continues it.
        """
        if self.lines and len(self.lines[-1]) + len(piece) <= PIECE_BYTES_MAX:
            self.lines[-1] += piece
            self.raw_bytes += len(piece)
            return True
        self.pieces.append(len(self.lines))
        return False

    def without(self, count: int) -> "OpenBlock":
        """Return a block without the last `count` lines, which no checkpoint has written."""
        block = OpenBlock()
        block.lines = self.lines[: len(self.lines) - count]
        block.pieces = [index for index in self.pieces if index < len(block.lines)]
        block.raw_bytes = sum(map(len, block.lines)) + len(block.lines)
        return block

    def content(self) -> BlockLines:
        """The lines at this moment."""
        return BlockLines(joined_text(self.lines), len(self.lines), frozenset(self.pieces))

    def sealed(self, first: int, content: BlockLines, level: int) -> Block:
        """Return the finished block of the lines `content`, whose first has the number `first`. Compresses."""
        packed = pack_lines(content.text, content.size, self.pieces, level)
        return Block(first, content.size, self.raw_bytes, max(map(len, self.lines)), packed=packed)
