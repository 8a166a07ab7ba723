"""Moves borders with the mouse. Pure. After tmux 3.3a: the border that was under the mouse follows it, and at a place where
borders meet all of them do."""

from typing import Final

from fuguemux.model.layout import Edge, Layout, Leaf, border_moved

Cell = tuple[int, int]
_AROUND: Final = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))
"""Where borders are looked for, counted from the mouse."""


def border_dragged(layout: Layout, before: Cell, now: Cell, edge: Edge = "off") -> Layout:
    """The layout after the mouse moved from the cell `before` of the window to the cell `now`."""
    paths: list[list[int]] = []
    for right, down in _AROUND:
        path = _cell_before_border(layout, before[0] + right, before[1] + down)
        if path and path not in paths:
            paths.append(path)
    for path in paths:
        change = now[0] - before[0] if _is_in_row(layout, path) else now[1] - before[1]
        layout = border_moved(layout, path, change, opposite=False, edge=edge)
    return layout


def _is_in_row(layout: Layout, path: list[int]) -> bool:
    for index in path[:-1]:
        assert not isinstance(layout, Leaf)
        layout = layout.children[index]
    return not isinstance(layout, Leaf) and layout.direction == "row"


def _cell_before_border(layout: Layout, column: int, row: int) -> list[int]:
    """The path to the cell to the left of a border, or above it. Empty: there is no border at this place."""
    path: list[int] = []
    x = y = 0
    while not isinstance(layout, Leaf):
        for index, child in enumerate(layout.children):
            if x <= column < x + child.columns and y <= row < y + child.rows:
                layout = child
                path.append(index)
                break
            last = index == len(layout.children) - 1
            if layout.direction == "row":
                if column == x + child.columns and not last:
                    return [*path, index]
                x += child.columns + 1
            else:
                if row == y + child.rows and not last:
                    return [*path, index]
                y += child.rows + 1
        else:
            return []
    return []
