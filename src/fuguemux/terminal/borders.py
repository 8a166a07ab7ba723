"""Draws the lines between panes, joined where they meet, as tmux does.

Every cell of the window that no pane covers is a border. Its character depends on which of its four neighbours are
borders too. The part that touches the active pane has a style of its own. Two panes share one line, so only half of it
has that style, to show which side is active.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.terminal.style import RESET

UP: Final = 1
DOWN: Final = 2
LEFT: Final = 4
RIGHT: Final = 8
CHARACTERS: Final = {
    0: " ",
    UP: "│", DOWN: "│", UP | DOWN: "│",
    LEFT: "─", RIGHT: "─", LEFT | RIGHT: "─",
    DOWN | RIGHT: "┌", DOWN | LEFT: "┐", UP | RIGHT: "└", UP | LEFT: "┘",
    UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤",
    LEFT | RIGHT | DOWN: "┬", LEFT | RIGHT | UP: "┴",
    UP | DOWN | LEFT | RIGHT: "┼",
}  # fmt: skip
OUTSIDE: Final = "·".encode()


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


def draw(
    panes: Sequence[CellRectangle],
    active: CellRectangle | None,
    *,
    window: tuple[int, int],
    client: tuple[int, int],
    style: bytes,
    active_style: bytes,
) -> list[BorderRun]:
    """Return the borders of a window, and the filling of the rest of a larger client."""
    columns, rows = window
    grid = [bytearray(columns) for _ in range(rows)]
    for pane in panes:
        right = min(pane.column + pane.columns, columns)
        if right > pane.column:
            for row in range(pane.row, min(pane.row + pane.rows, rows)):
                grid[row][pane.column : right] = b"\1" * (right - pane.column)
    runs = []
    for row in range(client[1]):
        inside = row < rows
        cells = _row_cells(grid, row, columns, active, len(panes) == 2) if inside else []
        runs.extend(_runs(row, cells, style, active_style))
        start = columns if inside else 0
        if start < client[0]:
            content = style + (client[0] - start) * OUTSIDE + RESET.encode()
            runs.append(BorderRun(row, start, client[0] - start, content))
    return runs


def _row_cells(
    grid: list[bytearray], row: int, columns: int, active: CellRectangle | None, two: bool
) -> list[tuple[int, str, bool]]:
    line = grid[row]
    if 0 not in line:
        return []
    above = grid[row - 1] if row else None
    below = grid[row + 1] if row + 1 < len(grid) else None
    cells = []
    column = line.find(0)
    while column >= 0:
        sides = 0
        if above is not None and not above[column]:
            sides |= UP
        if below is not None and not below[column]:
            sides |= DOWN
        if column and not line[column - 1]:
            sides |= LEFT
        if column + 1 < columns and not line[column + 1]:
            sides |= RIGHT
        touches = active is not None and touches_active(column, row, active, two)
        cells.append((column, CHARACTERS[sides], touches))
        column = line.find(0, column + 1)
    return cells


def touches_active(column: int, row: int, active: CellRectangle, two: bool) -> bool:
    """Whether a border cell is drawn in the active style. If `two` panes share the line, only half of it is."""
    left, top, columns, rows = active
    right, bottom = left + columns, top + rows
    if top - 1 <= row <= bottom:
        if column == left - 1:
            return not two or row <= top + rows // 2
        if column == right:
            return not two or row > top + rows // 2
    if left - 1 <= column <= right:
        if row == top - 1:
            return not two or column <= left + columns // 2
        if row == bottom:
            return not two or column > left + columns // 2
    return False


def _runs(
    row: int, cells: list[tuple[int, str, bool]], style: bytes, active_style: bytes
) -> list[BorderRun]:
    """Merge adjacent cells."""
    runs: list[BorderRun] = []
    start = 0
    for index in range(1, len(cells) + 1):
        if index == len(cells) or cells[index][0] != cells[index - 1][0] + 1:
            group = cells[start:index]
            if group:
                runs.append(
                    BorderRun(row, group[0][0], len(group), _styled(group, style, active_style))
                )
            start = index
    return runs


def _styled(group: list[tuple[int, str, bool]], style: bytes, active_style: bytes) -> bytes:
    parts = []
    current: bool | None = None
    for _column, character, touches in group:
        if touches != current:
            parts.append(active_style if touches else style)
            current = touches
        parts.append(character.encode())
    return b"".join(parts) + RESET.encode()
