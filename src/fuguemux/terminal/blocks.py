"""What lies over the panes of a client: blocks of finished cells, and the segments of the screen without the cells below."""

from collections.abc import Sequence
from typing import NamedTuple

from fuguemux.terminal.clip import clipped
from fuguemux.terminal.emulator import Emulator


class Segment(NamedTuple):
    """A run of cells in one row of the client's screen."""

    row: int
    column: int
    columns: int
    content: bytes


class CellBlock(NamedTuple):
    """A rectangle of cells. `rows`: self-contained ANSI, one for each row; what they lack is blank."""

    column: int
    row: int
    columns: int
    rows: Sequence[bytes]


class OverPanes(NamedTuple):
    """Everything that lies over the panes. A later block hides an earlier one.

    `cursor`: its column and row, from the client's top left corner, or None for no cursor. `mouse`: the tracking that it
    needs at least, as the number of the mode. `emulator`: the one whose modes the client's terminal has; None: no modes.
    """

    blocks: Sequence[CellBlock]
    cursor: tuple[int, int] | None = None
    mouse: int = 0
    emulator: Emulator | None = None


def laid_over(segments: Sequence[Segment], blocks: Sequence[CellBlock]) -> list[Segment]:
    """The segments without the cells that blocks hide, and the segments of the blocks."""
    covered: dict[int, list[Segment]] = {}
    for block in blocks:
        for at, content in enumerate(block.rows):
            piece = Segment(block.row + at, block.column, block.columns, content)
            below = covered.get(piece.row, [])
            covered[piece.row] = [part for old in below for part in _without(old, [piece])]
            covered[piece.row].append(piece)
    shown: list[Segment] = []
    for segment in segments:
        pieces = covered.get(segment.row)
        shown += [segment] if pieces is None else _without(segment, pieces)
    for row in sorted(covered):
        shown += covered[row]
    return shown


def _without(segment: Segment, pieces: Sequence[Segment]) -> list[Segment]:
    """What is left of a segment."""
    left: list[Segment] = []
    begin, stop = segment.column, segment.column + segment.columns
    for piece in sorted(pieces):
        if piece.column + piece.columns <= begin or piece.column >= stop:
            continue
        left += _part(segment, begin, piece.column)
        begin = piece.column + piece.columns
    return [segment] if begin == segment.column else left + _part(segment, begin, stop)


def _part(segment: Segment, begin: int, stop: int) -> list[Segment]:
    if begin >= stop:
        return []
    content = clipped(segment.content, begin - segment.column, stop - begin)
    return [Segment(segment.row, begin, stop - begin, content)]
