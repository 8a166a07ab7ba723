"""Finds a pane by its position: at the top, to the left, beside another one. Takes rectangles and returns pane ids."""

from typing import Final, NamedTuple

from fuguemux.model.floating import fitted, framed
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Rectangle
from fuguemux.model.pane_places import border_edge, rectangles_within
from fuguemux.model.state import ServerState, Window
from fuguemux.model.window_panes import all_rectangles, is_floating

PLACES: Final = (
    *("top", "bottom", "left", "right"),
    *("top-left", "top-right", "bottom-left", "bottom-right"),
)


def place(state: ServerState, window: Window, name: str) -> PaneId | None:
    """The pane at a position of `window` (one of PLACES), or None for another word. A border belongs to the pane
    before it."""
    if name not in PLACES:
        return None
    columns = window.layout.columns
    edge = border_edge(state, window)
    first = 1 if edge == "top" else 0
    last = window.layout.rows - (2 if edge == "bottom" else 1)
    words = name.split("-")
    x = 0 if "left" in words else columns - 1 if "right" in words else columns // 2
    y = first if "top" in words else last if "bottom" in words else window.layout.rows // 2
    for each in window.floating:
        left, top, wide, high = framed(each, fitted(each, columns, window.layout.rows))
        if left <= x < left + wide and top <= y < top + high:
            return each.pane
    for pane, cell in rectangles_within(window.layout, edge):
        if cell.x <= x <= cell.x + cell.columns and cell.y <= y <= cell.y + cell.rows:
            return pane
    return None


def neighbour(state: ServerState, window: Window, pane: PaneId, side: str) -> PaneId | None:
    """The pane on one `side` (up, down, left, right) of `pane`, wrapping around at the edge. None if there is no
    other.

    If there are several, the most recently active one. From a floating pane it is the nearest one whose centre is on
    that side, tiled or floating.
    """
    if is_floating(window, pane):
        return _nearest(window, pane, side)
    edge = border_edge(state, window)
    cells = dict(rectangles_within(window.layout, edge))
    mine = cells[pane]
    inside = _Inside(
        window.layout.columns,
        1 if edge == "top" else 0,
        window.layout.rows - (1 if edge == "bottom" else 0),
    )
    recent = {name: order for order, name in enumerate((window.active, *window.last))}
    found: list[tuple[int, int, PaneId]] = []
    for order, (name, cell) in enumerate(cells.items()):
        if name != pane and _touches(mine, cell, side, inside):
            found.append((recent.get(name, len(recent)), order, name))
    return min(found)[2] if found else None


def _nearest(window: Window, pane: PaneId, side: str) -> PaneId | None:
    cells = all_rectangles(window)
    sign = -1 if side in ("left", "up") else 1

    def centre(cell: Rectangle) -> tuple[int, int]:
        middle = (2 * cell.x + cell.columns, 2 * cell.y + cell.rows)
        return middle if side in ("left", "right") else (middle[1], middle[0])

    along, across = centre(cells[pane])
    found: list[tuple[int, int, PaneId]] = []
    for order, (name, cell) in enumerate(cells.items()):
        ahead = sign * (centre(cell)[0] - along)
        if name != pane and ahead > 0:
            found.append((ahead + abs(centre(cell)[1] - across), order, name))
    return min(found)[2] if found else None


class _Inside(NamedTuple):
    """The part of a window that panes fill, without a line of text at its edge."""

    columns: int
    top: int
    bottom: int


def _touches(mine: Rectangle, other: Rectangle, side: str, inside: _Inside) -> bool:
    columns = inside.columns
    if side in ("left", "right"):
        if side == "left":
            edge = (mine.x if mine.x > 0 else columns + 1) - 1
            beside = other.x + other.columns == edge
        else:
            edge = mine.x + mine.columns + 1
            beside = other.x == (edge if edge < columns else 0)
        return beside and _overlap(mine.y, mine.rows, other.y, other.rows)
    if side == "up":
        edge = (mine.y if mine.y > inside.top else inside.bottom + 1) - 1
        beside = other.y + other.rows == edge
    else:
        edge = mine.y + mine.rows + 1
        beside = other.y == (edge if edge < inside.bottom else inside.top)
    return beside and _overlap(mine.x, mine.columns, other.x, other.columns)


def _overlap(start: int, length: int, other: int, other_length: int) -> bool:
    return other < start + length and start < other + other_length
