"""Digits and letters of five by five blocks, for the clock and for the numbers of panes."""

from typing import Final

from fuguemux.terminal.canvas import Canvas

SIZE: Final = 5
STEP: Final = SIZE + 1
"""The columns from one character to the next."""
_ALL, _LEFT, _RIGHT, _BOTH, _NONE = "#####", "#....", "....#", "#...#", "....."
_SHAPES: Final = {
    "0": (_ALL, _BOTH, _BOTH, _BOTH, _ALL),
    "1": (_RIGHT, _RIGHT, _RIGHT, _RIGHT, _RIGHT),
    "2": (_ALL, _RIGHT, _ALL, _LEFT, _ALL),
    "3": (_ALL, _RIGHT, _ALL, _RIGHT, _ALL),
    "4": (_BOTH, _BOTH, _ALL, _RIGHT, _RIGHT),
    "5": (_ALL, _LEFT, _ALL, _RIGHT, _ALL),
    "6": (_ALL, _LEFT, _ALL, _BOTH, _ALL),
    "7": (_ALL, _RIGHT, _RIGHT, _RIGHT, _RIGHT),
    "8": (_ALL, _BOTH, _ALL, _BOTH, _ALL),
    "9": (_ALL, _BOTH, _ALL, _RIGHT, _ALL),
    ":": (_NONE, "..#..", _NONE, "..#..", _NONE),
    "A": (_ALL, _BOTH, _ALL, _BOTH, _BOTH),
    "P": (_ALL, _BOTH, _ALL, _LEFT, _LEFT),
    "M": (_BOTH, "##.##", "#.#.#", _BOTH, _BOTH),
}


def cells_of(text: str, column: int, row: int) -> list[tuple[int, int]]:
    """The cells (column, row) that the text fills, if it begins in a cell. Unknown characters are blank."""
    return [
        (column + at * STEP + x, row + y)
        for at, character in enumerate(text)
        for y, line in enumerate(_SHAPES.get(character, ()))
        for x, block in enumerate(line)
        if block == "#"
    ]


def draw(canvas: Canvas, column: int, row: int, text: str, style: str) -> None:
    """Fill the cells of the text with blanks in a style."""
    for x, y in cells_of(text, column, row):
        canvas.put(x, y, " ", style)
