"""A rectangle of cells to draw in: texts, boxes, lines, and rows of other screens. Gives rows of self-contained ANSI.

Pure. Coordinates count from the top left corner. What lies outside is left out.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from fuguemux.terminal.style import RESET, TOKENS, width


class Lines(NamedTuple):
    """The characters of a border. All have the width 1."""

    across: str
    down: str
    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str


SINGLE: Final = Lines(*"─│┌┐└┘")


_Cell = tuple[str, str]
_BLANK: Final[_Cell] = ("", " ")


class Canvas:
    """Cells of a style (an SGR sequence, "" is the default) and a character ("" is the second half of a wide one)."""

    def __init__(self, columns: int, rows: int, style: str = "") -> None:
        self.columns, self.height = columns, rows
        self._cells: list[list[_Cell]] = [[(style, " ")] * columns for _ in range(rows)]

    def put(self, column: int, row: int, text: str, style: str = "") -> int:
        """Write text from a cell on, as far as the row goes. Returns the column behind it."""
        return self._write(column, row, ((style, character) for character in text), self.columns)

    def paste(
        self, column: int, row: int, content: Sequence[bytes], columns: int, *, start: int = 0
    ) -> None:
        """Copy rows of self-contained ANSI: of each the cells from `start` on, at most `columns`."""
        for offset, line in enumerate(content):
            self._write(column - start, row + offset, _styled(line), column + columns, column)

    def reverse(self, column: int, row: int) -> None:
        """Swap the colours of one cell."""
        if 0 <= row < self.height and 0 <= column < self.columns:
            style, text = self._cells[row][column]
            self._cells[row][column] = (style + "\x1b[7m", text or " ")

    def fill(self, column: int, row: int, columns: int, rows: int, style: str = "") -> None:
        """Make a rectangle blank."""
        for offset in range(rows):
            self.put(column, row + offset, " " * columns, style)

    def box(
        self,
        column: int,
        row: int,
        columns: int,
        rows: int,
        lines: Lines = SINGLE,
        style: str = "",
    ) -> None:
        """Draw a border around a rectangle of at least two columns and rows. What is inside stays."""
        across = lines.across * (columns - 2)
        self.put(column, row, f"{lines.top_left}{across}{lines.top_right}", style)
        self.put(column, row + rows - 1, f"{lines.bottom_left}{across}{lines.bottom_right}", style)
        for offset in range(1, rows - 1):
            self.put(column, row + offset, lines.down, style)
            self.put(column + columns - 1, row + offset, lines.down, style)

    def down(self, column: int, row: int, rows: int, lines: Lines = SINGLE) -> None:
        """Draw a line downwards."""
        for offset in range(rows):
            self.put(column, row + offset, lines.down)

    def rows(self) -> list[bytes]:
        """The rows, each with all its cells, in the default style at its end."""
        return [_row(cells) for cells in self._cells]

    def _write(
        self, column: int, row: int, cells: Iterator[_Cell], stop: int, begin: int = 0
    ) -> int:
        if not 0 <= row < self.height:
            return column
        into, stop, begin = self._cells[row], min(stop, self.columns), max(begin, 0)
        for style, character in cells:
            size = width(character)
            if size == 0:
                continue
            if column >= begin and column + size <= stop:
                self._break(into, column, size)
                into[column] = (style, character)
                if size > 1:
                    into[column + 1] = (style, "")
            elif begin - 1 <= column < stop and size > 1:
                half = column if column >= begin else column + 1
                self._break(into, half, 1)
                into[half] = (style, " ")
            column += size
            if column >= stop:
                break
        return column

    def _break(self, into: list[_Cell], column: int, size: int) -> None:
        """Blank the other halves of the wide characters that are written over."""
        if not into[column][1] and column:
            into[column - 1] = (into[column - 1][0], " ")
        after = column + size
        if after < self.columns and not into[after][1]:
            into[after] = (into[after][0], " ")


def _styled(row: bytes) -> Iterator[_Cell]:
    style = ""
    for index, token in enumerate(TOKENS.split(row.decode("utf-8", "replace"))):
        if index % 2 == 0:
            for character in token:
                yield style, character
        elif token.endswith("m") and token.startswith("\x1b["):
            if token in (RESET, "\x1b[m"):
                style = ""
            elif token.startswith("\x1b[0;"):
                style = token
            else:
                style += token


def _row(cells: list[_Cell]) -> bytes:
    parts: list[str] = []
    now = ""
    for style, text in cells:
        if style != now:
            parts.append(RESET + style)
            now = style
        parts.append(text)
    if now:
        parts.append(RESET)
    return "".join(parts).encode()
