"""Blocks over the segments of a screen."""

from fuguemux.terminal.blocks import CellBlock, Segment, laid_over


def shown(segments: list[Segment], columns: int, rows: int) -> list[str]:
    """The text of each row; a dot is a cell that no segment has. No two segments share a cell."""
    cells = [["."] * columns for _ in range(rows)]
    for segment in segments:
        text = segment.content.decode().ljust(segment.columns)
        for at, character in enumerate(text):
            assert cells[segment.row][segment.column + at] == "."
            cells[segment.row][segment.column + at] = character
    return ["".join(row) for row in cells]


def test_a_block_hides_the_cells_below_it() -> None:
    segments = [Segment(0, 0, 8, b"abcdefgh"), Segment(1, 0, 4, b"ijkl"), Segment(1, 4, 4, b"mn")]
    blocks = [CellBlock(3, 0, 3, (b"123", b"45"))]
    assert shown(laid_over(segments, blocks), 8, 2) == ["abc123gh", "ijk45   "]


def test_a_later_block_hides_an_earlier_one() -> None:
    segments = [Segment(0, 0, 8, b"abcdefgh")]
    blocks = [CellBlock(1, 0, 6, (b"123456",)), CellBlock(3, 0, 2, (b"xy",))]
    assert shown(laid_over(segments, blocks), 8, 1) == ["a12xy56h"]


def test_segments_elsewhere_stay_as_they_are() -> None:
    segments = [Segment(0, 0, 2, b"ab"), Segment(1, 0, 2, b"cd")]
    assert laid_over(segments, [CellBlock(5, 0, 1, (b"x",))])[:2] == segments
