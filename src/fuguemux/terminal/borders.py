"""Draws the lines between panes, joined where they meet, as tmux does.

Every cell of the window that no pane covers is a border, and so are the column and the row behind a window that is
smaller than the client. The character depends on which of the four neighbours are borders too. The style is that of a
pane that the cell touches: the active one if it does. Two panes share one line, so each has one half of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.terminal.style import RESET, Style
from fuguemux.terminal.styled_row import cells_over

UP: Final = 1
DOWN: Final = 2
LEFT: Final = 4
RIGHT: Final = 8
_SHAPES: Final = (
    UP | DOWN, LEFT | RIGHT, DOWN | RIGHT, DOWN | LEFT, UP | RIGHT, UP | LEFT, LEFT | RIGHT | DOWN, LEFT | RIGHT | UP,
    UP | DOWN | RIGHT, UP | DOWN | LEFT, UP | DOWN | LEFT | RIGHT,
)  # fmt: skip
CELLS: Final = {
    name: dict(zip(_SHAPES, characters, strict=True))
    for name, characters in {
        "single": "│─┌┐└┘┬┴├┤┼",
        "double": "║═╔╗╚╝╦╩╠╣╬",
        "heavy": "┃━┏┓┗┛┳┻┣┫╋",
        "simple": "|-+++++++++",
        "number": "***********",
    }.items()
}
"""By the value of `pane-border-lines`: the character of a cell whose neighbours on these sides are borders."""
ARROWS: Final = {LEFT: "→", RIGHT: "←", UP: "↓", DOWN: "↑"}


class CellRectangle(NamedTuple):
    """Cells, counted from the left and the top."""

    column: int
    row: int
    columns: int
    rows: int


class BorderRun(NamedTuple):
    """Adjacent border cells in one row, as bytes with their style."""

    row: int
    column: int
    columns: int
    content: bytes


class BorderLook(NamedTuple):
    """How borders look. `styles`: an SGR sequence for each pane; `outside`: for what touches no pane. `lines`: the value
    of `pane-border-lines`. `numbers`: the index of each pane. `fill`: what is outside of the window. `halves`: whether two
    panes share their line; `arrows`: whether arrows point at the active pane. `edge`: the value of `pane-border-status`;
    `texts`: what each pane then has on its border, and the style under it.
    """

    styles: Sequence[bytes]
    outside: bytes
    lines: str = "single"
    numbers: Sequence[int] = ()
    fill: str = "·"
    halves: bool = True
    arrows: bool = False
    edge: str = "off"
    texts: Sequence[tuple[str, Style]] = ()


class _Window:
    """What is where in a window, for the client that shows it."""

    def __init__(
        self, panes: Sequence[CellRectangle], active: int, size: tuple[int, int], look: BorderLook
    ) -> None:
        self.panes, self.active, self.look = panes, active, look
        self.columns, self.rows = size
        self._grid = [bytearray(self.columns) for _ in range(self.rows)]
        for pane in panes:
            right = min(pane.column + pane.columns, self.columns)
            if right > pane.column:
                for row in range(pane.row, min(pane.row + pane.rows, self.rows)):
                    self._grid[row][pane.column : right] = b"\1" * (right - pane.column)
        self._order = [*range(active, len(panes)), *range(active)]
        second = panes[1] if len(panes) == 2 and look.halves else CellRectangle(0, 0, 0, 0)
        if look.edge != "off":  # Each pane has a line of its own then.
            second = CellRectangle(0, 0, 0, 0)
        self._beside, self._below = second.column > 0, second.row > 0
        self._cells = CELLS.get(look.lines, CELLS["single"])
        self._texts = self._drawn_texts() if look.edge != "off" else {}

    def cells(self, row: int, width: int) -> list[tuple[int, str, bytes]]:
        """Column, character and style of each border cell in a row of the client, and of what is outside."""
        if row < self.rows and 0 not in self._grid[row]:
            columns: Sequence[int] = range(self.columns, width)
        elif row < self.rows:
            line = self._grid[row]
            columns = [at for at in range(width) if at >= self.columns or not line[at]]
        else:
            columns = range(width)
        found = [(column, *self._cell(column, row)) for column in columns]
        texts = self._texts.get(row)
        return [(cell[0], *texts.get(cell[0], cell[1:])) for cell in found] if texts else found

    def _cell(self, column: int, row: int) -> tuple[str, bytes]:
        if column > self.columns or row > self.rows:
            return self.look.fill, self.look.outside
        sides = self._sides(column, row)
        if column == self.columns or row == self.rows:
            return self._character(sides, None), self.look.outside
        for pane in self._order:
            side = self._touched(pane, column, row)
            if side:
                arrow = self._arrow(pane, side, sides, column, row)
                return arrow or self._character(sides, pane), self.look.styles[pane]
        return self.look.fill, self.look.outside

    def _character(self, sides: int, pane: int | None) -> str:
        if sides not in self._cells:
            return self.look.fill
        if self.look.lines == "number":
            return "*" if pane is None else str(self.look.numbers[pane] % 10)
        return self._cells[sides]

    def _sides(self, column: int, row: int) -> int:
        sides = LEFT if column == 0 or self._is_border(column - 1, row) else 0
        sides |= RIGHT if self._is_border(column + 1, row) else 0
        above, below = self._is_border(column, row - 1), self._is_border(column, row + 1)
        if row == 0:
            above = self.look.edge != "top"
        if self.look.edge == "bottom" and row == self.rows - 1:
            below = False
        return sides | (UP if above else 0) | (DOWN if below else 0)

    def _is_border(self, column: int, row: int) -> bool:
        if column > self.columns or row > self.rows:
            return False
        return column == self.columns or row == self.rows or not self._grid[row][column]

    def _touched(self, number: int, column: int, row: int) -> int:
        """The side of the pane at which the cell is; 0: the pane does not have it."""
        pane = self.panes[number]
        left, top = pane.column, pane.row
        right, bottom = left + pane.columns, top + pane.rows
        if (top == 0 or row >= top - 1) and row <= bottom:
            half = not self._beside or (row > pane.rows // 2) == (left > 0)
            if half and left and column == left - 1:
                return LEFT
            if half and column == right:
                return RIGHT
        if (left == 0 or column >= left - 1) and column <= right:
            half = not self._below or (column > pane.columns // 2) == (top > 0)
            if half and top and row == top - 1 and self.look.edge != "bottom":
                return UP
            if half and row == bottom and self.look.edge != "top":
                return DOWN
        return 0

    def _drawn_texts(self) -> dict[int, dict[int, tuple[str, bytes]]]:
        """The cells of the texts on the borders, by row and column. The active pane's text lies over others."""
        found: dict[int, dict[int, tuple[str, bytes]]] = {}
        for number in reversed(self._order):
            left, top, columns, rows = self.panes[number]
            row = top - 1 if self.look.edge == "top" else top + rows
            text, base = self.look.texts[number]
            places = range(left + 2, left + columns - 2)
            under = [(base, self._character(self._sides(column, row), number)) for column in places]
            cells = cells_over(under, text, base)
            found.setdefault(row, {}).update(
                (column, (character, style.sgr()))
                for column, (style, character) in zip(places, cells, strict=True)
            )
        return found

    def _arrow(self, pane: int, side: int, sides: int, column: int, row: int) -> str:
        if not self.look.arrows or pane != self.active:
            return ""
        place = self.panes[pane]
        flat = sides in (LEFT | RIGHT, (LEFT | RIGHT | (DOWN if side == DOWN else UP)))
        steep = sides in (UP | DOWN, (UP | DOWN | (RIGHT if side == RIGHT else LEFT)))
        if (column == place.column + 1 and flat) or (row == place.row + 1 and steep):
            return ARROWS[side]
        return ""


def draw(
    panes: Sequence[CellRectangle],
    active: int,
    *,
    window: tuple[int, int],
    client: tuple[int, int],
    look: BorderLook,
) -> list[BorderRun]:
    """Return the borders of a window, and the filling of the rest of a larger client."""
    seen = _Window(panes, active, window, look)
    runs: list[BorderRun] = []
    for row in range(client[1]):
        runs.extend(_runs(row, seen.cells(row, client[0])))
    return runs


def _runs(row: int, cells: list[tuple[int, str, bytes]]) -> list[BorderRun]:
    """Merge adjacent cells."""
    runs: list[BorderRun] = []
    start = 0
    for index in range(1, len(cells) + 1):
        if index == len(cells) or cells[index][0] != cells[index - 1][0] + 1:
            group = cells[start:index]
            if group:
                runs.append(BorderRun(row, group[0][0], len(group), _styled(group)))
            start = index
    return runs


def _styled(group: list[tuple[int, str, bytes]]) -> bytes:
    parts = []
    current: bytes | None = None
    for _column, character, style in group:
        if style != current:
            parts.append(style)
            current = style
        parts.append(character.encode())
    return b"".join(parts) + RESET.encode()
