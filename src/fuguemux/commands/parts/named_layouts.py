"""The named layouts of tmux (even-horizontal, even-vertical, main-horizontal, main-vertical, tiled), and spreading out."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from fuguemux.language.numbers import cells
from fuguemux.model.decision import Refused
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import (
    Direction,
    Edge,
    Layout,
    Leaf,
    Split,
    edge_of,
    leaf,
    panes_of,
    resize,
    size_of,
)
from fuguemux.model.limits import PANE_COLUMNS_MIN

NAMES: Final = ("even-horizontal", "even-vertical", "main-horizontal", "main-vertical", "tiled")
_MIN: Final = PANE_COLUMNS_MIN

MainSize = Callable[[str], str]
"""Gives the text of the option `main-pane-height`, `main-pane-width`, `other-pane-height` or `other-pane-width`."""


class _Space(NamedTuple):
    columns: int
    rows: int


def named_layout(name: str, layout: Layout, main_size: MainSize, edge: Edge = "off") -> Layout:
    """The panes of `layout`, arranged by `name` (one of NAMES) in the same space. Too small a space grows."""
    panes = panes_of(layout)
    if len(panes) == 1:
        return layout
    space = _Space(layout.columns, layout.rows)
    if name == "even-horizontal":
        return _even(panes, space, "row", edge)
    if name == "even-vertical":
        return _even(panes, space, "column", edge)
    if name == "main-horizontal":
        return _main(panes, space, "column", main_size, edge)
    if name == "main-vertical":
        return _main(panes, space, "row", main_size, edge)
    return _tiled(panes, space)


def name_meant(text: str) -> str | None:
    """The name of the layout that `text` is, or that alone begins with it; else None."""
    if text in NAMES:
        return text
    found = [name for name in NAMES if name.startswith(text)]
    return found[0] if len(found) == 1 and text else None


def _even(panes: Sequence[PaneId], space: _Space, along: Direction, edge: Edge) -> Layout:
    """All panes in one line and as equal as possible. The last one has the remainder."""
    least = len(panes) * (_MIN + 1) - 1
    columns = max(space.columns, least) if along == "row" else space.columns
    rows = max(space.rows, least) if along == "column" else space.rows
    cells = tuple(leaf(pane, columns, rows) for pane in panes)
    return spread(Split(columns, rows, along, cells), edge)


def spread(cell: Layout, edge: Edge = "off") -> Layout:
    """`cell` with children of equal size, the last with the remainder. Unchanged if the space is too small.

    The row of text that a child at the edge of the window has does not count.
    """
    if isinstance(cell, Leaf):
        return cell
    edges = [edge_of(cell, index, edge) for index in range(len(cell.children))]
    texts = [1 if cell.direction == "column" and at != "off" else 0 for at in edges]
    count, size = len(cell.children), size_of(cell, cell.direction) - max(texts)
    each = (size - (count - 1)) // count
    if each <= 0:
        return cell
    sizes = [each] * (count - 1) + [size - (each + 1) * (count - 1)]
    children = tuple(
        _resized(child, cell.direction, wanted + text, at)
        for child, wanted, text, at in zip(cell.children, sizes, texts, edges, strict=True)
    )
    return replace(cell, children=children)


def _resized(cell: Layout, along: Direction, size: int, edge: Edge) -> Layout:
    if along == "row":
        return resize(cell, size, cell.rows, edge)
    return resize(cell, cell.columns, size, edge)


def spread_round(layout: Layout, pane: PaneId, edge: Edge = "off") -> Layout:
    """`layout` with the cells beside `pane` made equal. If they are equal already, the cells around them, and so on outwards."""
    if isinstance(layout, Leaf):
        return layout
    for at, child in enumerate(layout.children):
        if pane not in panes_of(child):
            continue
        inner = spread_round(child, pane, edge_of(layout, at, edge))
        if inner == child:
            return spread(layout, edge)
        children = (*layout.children[:at], inner, *layout.children[at + 1 :])
        return replace(layout, children=children)
    return layout


def _main(
    panes: Sequence[PaneId], space: _Space, along: Direction, main_size: MainSize, edge: Edge
) -> Layout:
    """The first pane is large, and the others are in a line behind it. `along` is the direction of the line."""
    length = "height" if along == "column" else "width"
    whole = (space.rows if along == "column" else space.columns) - 1
    main = _length(main_size(f"main-pane-{length}"), whole)
    if main is None:
        main = 24 if along == "column" else 80
    if main + _MIN >= whole:
        main = _MIN if whole <= _MIN + _MIN else whole - _MIN
        other = _MIN
    else:
        other = _length(main_size(f"other-pane-{length}"), whole) or 0
        if other == 0 or other > whole or whole - other < main:
            other = whole - main
        else:
            main = whole - other
    first, *others = panes
    across: Direction = "row" if along == "column" else "column"
    if along == "column":
        space = _Space(max(space.columns, len(others) * (_MIN + 1) - 1), main + other + 1)
        beside = _even(others, _Space(space.columns, other), across, "off")
        return Split(*space, along, (leaf(first, space.columns, main), _single(beside)))
    space = _Space(main + other + 1, max(space.rows, len(others) * (_MIN + 1) - 1))
    beside = _even(others, _Space(other, space.rows), across, edge)
    return Split(*space, along, (leaf(first, main, space.rows), _single(beside)))


def _single(cell: Layout) -> Layout:
    """The panes as a line; a single pane stands for itself."""
    if isinstance(cell, Split) and len(cell.children) == 1:
        return cell.children[0]
    return cell


def _length(text: str, whole: int) -> int | None:
    try:
        return cells("", text, low=0, whole=whole, high=whole)
    except Refused:
        return None


def _tiled(panes: Sequence[PaneId], space: _Space) -> Layout:
    """Rows and columns of equal cells. The last row and column have the remainder."""
    rows = columns = 1
    while rows * columns < len(panes):
        rows += 1
        if rows * columns < len(panes):
            columns += 1
    width = max((space.columns - (columns - 1)) // columns, _MIN)
    height = max((space.rows - (rows - 1)) // rows, _MIN)
    space = _Space(
        max(space.columns, (width + 1) * columns - 1), max(space.rows, (height + 1) * rows - 1)
    )
    lines: list[Layout] = []
    for start in range(0, len(panes), columns):
        tall = height if len(lines) < rows - 1 else space.rows - (height + 1) * (rows - 1)
        lines.append(_tiled_row(panes[start : start + columns], space.columns, width, tall))
    return Split(*space, "column", tuple(lines)) if len(lines) > 1 else lines[0]


def _tiled_row(panes: Sequence[PaneId], whole: int, width: int, rows: int) -> Layout:
    if len(panes) == 1:
        return leaf(panes[0], whole, rows)
    last = whole - (width + 1) * (len(panes) - 1)
    widths = [width] * (len(panes) - 1) + [last]
    children = tuple(leaf(pane, wide, rows) for pane, wide in zip(panes, widths, strict=True))
    return Split(whole, rows, "row", children)
