"""Layouts: the tree that divides a window into rectangles, with exact cell sizes, as tmux computes them.

A layout is a tree of cells. A leaf shows a pane; a row puts its children side by side, a column puts them one above the
other, with one cell for the border between neighbours. Every cell stores its size, so that a window returns to the exact
layout, not a proportional one. All functions are pure and return new trees. The behaviour is that of tmux 3.3a's layout.c
and man page tmux(1).
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.model.limits import PANE_COLUMNS_MIN

Direction = Literal["row", "column"]
"""`row`: side by side (tmux -h, `{}`). `column`: one above the other (tmux -v, `[]`)."""

Edge = Literal["off", "top", "bottom"]
"""The edge of a window at which panes give a row to a line of text: the values of the option `pane-border-status`."""

CELL_MIN = PANE_COLUMNS_MIN


class NoSpace(Exception):
    """A pane is too small to be split. tmux's message is `no space for new pane`."""


class Leaf(msgspec.Struct, frozen=True, array_like=True, tag=0):
    columns: int
    rows: int
    pane: PaneId


class Split(msgspec.Struct, frozen=True, array_like=True, tag=1):
    columns: int
    rows: int
    direction: Direction
    children: tuple["Leaf | Split", ...]


Layout = Leaf | Split


class Rectangle(NamedTuple):
    """In cells, from the top left corner of the window."""

    x: int
    y: int
    columns: int
    rows: int


def leaf(pane: PaneId, columns: int, rows: int) -> Leaf:
    """The layout of a window with one pane."""
    return Leaf(columns, rows, pane)


def panes_of(layout: Layout) -> tuple[PaneId, ...]:
    """The panes in layout order: tmux's pane indices."""
    return tuple(pane for pane, _ in rectangles(layout))


def rectangles(layout: Layout, x: int = 0, y: int = 0) -> Iterator[tuple[PaneId, Rectangle]]:
    """Every pane with its rectangle, in layout order."""
    if isinstance(layout, Leaf):
        yield layout.pane, Rectangle(x, y, layout.columns, layout.rows)
        return
    for child in layout.children:
        yield from rectangles(child, x, y)
        if layout.direction == "row":
            x += child.columns + 1
        else:
            y += child.rows + 1


def size_of(cell: Layout, direction: Direction) -> int:
    return cell.columns if direction == "row" else cell.rows


def _sized(cell: Layout, direction: Direction, size: int) -> Layout:
    if direction == "row":
        return msgspec.structs.replace(cell, columns=size)
    return msgspec.structs.replace(cell, rows=size)


def edge_of(cell: Split, index: int, edge: Edge) -> Edge:
    """The edge at which the child with that index is: that of `cell`, unless another child is between."""
    if cell.direction == "row":
        return edge
    return edge if index == {"top": 0, "bottom": len(cell.children) - 1}.get(edge) else "off"


def shrinkable(cell: Layout, direction: Direction, edge: Edge = "off") -> int:
    """By how many cells `cell` can shrink in `direction`. A pane at the edge needs a row for the line of text there."""
    if isinstance(cell, Leaf):
        text = 1 if edge != "off" and direction == "column" else 0
        return max(0, size_of(cell, direction) - CELL_MIN - text)
    room = [
        shrinkable(child, direction, edge_of(cell, index, edge))
        for index, child in enumerate(cell.children)
    ]
    return sum(room) if cell.direction == direction else min(room)


def _adjust(cell: Layout, direction: Direction, change: int, edge: Edge = "off") -> Layout:
    """Return `cell` with its size changed. Children in the same direction share the change one cell at a time."""
    if change == 0:
        return cell
    cell = _sized(cell, direction, size_of(cell, direction) + change)
    if isinstance(cell, Leaf):
        return cell
    if cell.direction != direction:
        children = tuple(_adjust(child, direction, change, edge) for child in cell.children)
        return msgspec.structs.replace(cell, children=children)
    step = 1 if change > 0 else -1
    edges = [edge_of(cell, index, edge) for index in range(len(cell.children))]
    room = [
        shrinkable(child, direction, at) for child, at in zip(cell.children, edges, strict=True)
    ]
    shares = [0] * len(cell.children)
    while change != 0:
        moved = False
        for index in range(len(shares)):
            if change == 0:
                break
            if step > 0 or room[index] + shares[index] > 0:
                shares[index] += step
                change -= step
                moved = True
        if not moved:
            break
    children = tuple(
        _adjust_by_steps(child, direction, share, at)
        for child, share, at in zip(cell.children, shares, edges, strict=True)
    )
    return msgspec.structs.replace(cell, children=children)


def _adjust_by_steps(cell: Layout, direction: Direction, change: int, edge: Edge) -> Layout:
    """Change one cell at a time. This matters for nested children: each step begins with the first of them."""
    if isinstance(cell, Leaf):
        return _adjust(cell, direction, change, edge)
    for _ in range(abs(change)):
        cell = _adjust(cell, direction, 1 if change > 0 else -1, edge)
    return cell


def resize(layout: Layout, columns: int, rows: int, edge: Edge = "off") -> Layout:
    """The layout in a window of another size. Never smaller than the minimum size of its panes allows."""
    wanted: tuple[tuple[Direction, int], ...] = (("row", columns), ("column", rows))
    for direction, size in wanted:
        change = size - size_of(layout, direction)
        change = max(change, -shrinkable(layout, direction, edge))
        layout = _adjust(layout, direction, change, edge)
    return layout


def path_to(layout: Layout, pane: PaneId) -> list[int]:
    """Child indices from the root to `pane`. Raises KeyError if it is not there."""
    if isinstance(layout, Leaf):
        if layout.pane == pane:
            return []
        raise KeyError(pane)
    for index, child in enumerate(layout.children):
        try:
            return [index, *path_to(child, pane)]
        except KeyError:
            continue
    raise KeyError(pane)


def cell_at(layout: Layout, path: list[int]) -> Layout:
    """The cell at a path of child indices from the root."""
    for index in path:
        assert isinstance(layout, Split)
        layout = layout.children[index]
    return layout


def _edge_at(layout: Layout, path: list[int], edge: Edge) -> Edge:
    """The edge at which the cell at `path` is."""
    for index in path:
        assert isinstance(layout, Split)
        edge = edge_of(layout, index, edge)
        layout = layout.children[index]
    return edge


def _replaced(layout: Layout, path: list[int], change: Callable[[Layout], Layout]) -> Layout:
    if not path:
        return change(layout)
    assert isinstance(layout, Split)
    children = list(layout.children)
    children[path[0]] = _replaced(children[path[0]], path[1:], change)
    return msgspec.structs.replace(layout, children=tuple(children))


def _new_size(
    cell: Layout,
    along: tuple[Direction, Edge],
    previous: int,
    size: int,
    count_left: int,
    left: int,
) -> int:
    """A child's share when its parent changes from `previous` to `size`, with `left` cells not distributed yet."""
    if count_left == 1:
        return left
    now = size_of(cell, along[0])
    needed = max((CELL_MIN + 1) * (count_left - 1), now - shrinkable(cell, *along))
    return max(min(now * size // previous, left - needed), CELL_MIN)


def _fits(cell: Layout, direction: Direction, size: int, edge: Edge) -> bool:
    """Whether `cell` can be scaled to `size` in `direction`."""
    if isinstance(cell, Leaf):
        return size >= CELL_MIN
    if cell.direction != direction:
        return all(_fits(child, direction, size, edge) for child in cell.children)
    count, left, previous = len(cell.children), size, size_of(cell, direction)
    if left < count * 2 - 1:
        return False
    for index, child in enumerate(cell.children):
        at = edge_of(cell, index, edge)
        share = _new_size(child, (direction, at), previous, size, count - index, left)
        border = 0 if index == count - 1 else 1
        if share + border > left or not _fits(child, direction, share, at):
            return False
        left -= share + border
    return True


def _scaled(cell: Layout, columns: int, rows: int, edge: Edge) -> Layout:
    """Return `cell` at another size, with its children in their former proportions."""
    cell = msgspec.structs.replace(cell, columns=columns, rows=rows)
    if isinstance(cell, Leaf):
        return cell
    along = cell.direction
    count = len(cell.children)
    children: list[Layout] = []
    previous = sum(size_of(child, along) for child in cell.children) + count - 1
    left = size_of(cell, along)
    for index, child in enumerate(cell.children):
        at = edge_of(cell, index, edge)
        share = _new_size(child, (along, at), previous, size_of(cell, along), count - index, left)
        left -= share + 1
        size = (share, rows) if along == "row" else (columns, share)
        children.append(_scaled(child, *size, at))
    return msgspec.structs.replace(cell, children=tuple(children))


def split(
    layout: Layout,
    target: PaneId,
    direction: Direction,
    pane: PaneId,
    *,
    size: int | None = None,
    before: bool = False,
    full: bool = False,
    edge: Edge = "off",
) -> Layout:
    """Return `layout` with `pane` beside `target`: after it, or `before` it; `size` in cells, else half.

    With `full` the new pane spans the whole window. Raises NoSpace, and KeyError if `target` is not there.
    """
    path = [] if full else path_to(layout, target)
    cell = cell_at(layout, path)
    at_edge = _edge_at(layout, path, edge)
    saved = size_of(cell, direction)
    text = 1 if direction == "column" and at_edge != "off" else 0
    if saved < CELL_MIN * 2 + 1 + text:
        raise NoSpace
    half = (saved + 1) // 2 - 1
    asked = half if size is None else (saved - size - 1 if before else size)
    if asked < 0:
        asked = (
            # as tmux's unsigned arithmetic: a size larger than the space gives the new pane the minimum
            saved
        )
    second = min(max(asked, CELL_MIN), saved - 1 - CELL_MIN)
    first = saved - 1 - second
    old_size, new_size = (second, first) if before else (first, second)
    if full and not _fits(cell, direction, old_size, at_edge):
        raise NoSpace
    new = _sized(Leaf(cell.columns, cell.rows, pane), direction, new_size)
    columns, rows = (old_size, cell.rows) if direction == "row" else (cell.columns, old_size)
    old = _scaled(cell, columns, rows, at_edge)
    pair = (new, old) if before else (old, new)
    if full and isinstance(old, Split) and old.direction == direction:
        children = (new, *old.children) if before else (*old.children, new)
        return Split(cell.columns, cell.rows, direction, children)
    if path:
        parent = cell_at(layout, path[:-1])
        assert isinstance(parent, Split)
        if parent.direction == direction:
            at = path[-1]
            kept = msgspec.structs.replace(
                parent, children=(*parent.children[:at], *pair, *parent.children[at + 1 :])
            )
            return _replaced(layout, path[:-1], lambda _: kept)
    return _replaced(layout, path, lambda _: Split(cell.columns, cell.rows, direction, pair))


def remove(layout: Layout, pane: PaneId) -> Layout | None:
    """Return `layout` without `pane`. The neighbour before it gets the space; for the first, the one after it. None if it
    was the only one.
    """
    path = path_to(layout, pane)
    if not path:
        return None
    parent = cell_at(layout, path[:-1])
    assert isinstance(parent, Split)
    at = path[-1]
    children = list(parent.children)
    gone = children.pop(at)
    heir = 0 if at == 0 else at - 1
    children[heir] = _adjust(children[heir], parent.direction, size_of(gone, parent.direction) + 1)
    if len(children) > 1:
        kept: Layout = msgspec.structs.replace(parent, children=tuple(children))
    else:
        kept = children[0]
    return _replaced(layout, path[:-1], lambda _: kept)


def border_moved(
    layout: Layout, path: list[int], change: int, *, opposite: bool = True, edge: Edge = "off"
) -> Layout:
    """Move the border after the cell at `path` (child indices from the root), which is not the last of its parent.

    Unless `opposite`, only cells on the side to which the border moves give room.
    """
    parent, at = cell_at(layout, path[:-1]), path[-1]
    assert isinstance(parent, Split)
    edge = _edge_at(layout, path[:-1], edge)
    while change != 0:
        moved, parent = _move_border(parent, at, change, opposite, edge)
        if moved == 0:
            break
        change -= moved
    return _replaced(layout, path[:-1], lambda _: parent)


def _move_border(
    parent: Split, at: int, change: int, opposite: bool, edge: Edge
) -> tuple[int, Split]:
    """Move the border as far as one neighbour can give cells. Returns the signed number of cells moved, 0 if none can,
    and the changed cell."""
    children, direction = list(parent.children), parent.direction
    if change > 0:
        givers = list(range(at + 1, len(children)))
        if opposite:
            givers += range(at - 1, -1, -1)
        taker = at
    else:
        givers = list(range(at, -1, -1))
        taker = at + 1
    for giver in givers:
        at_edge = edge_of(parent, giver, edge)
        room = shrinkable(children[giver], direction, at_edge)
        if room > 0:
            size = min(room, abs(change))
            children[taker] = _adjust(children[taker], direction, size)
            children[giver] = _adjust(children[giver], direction, -size, at_edge)
            changed = msgspec.structs.replace(parent, children=tuple(children))
            return size if change > 0 else -size, changed
    return 0, parent


def renamed(layout: Layout, names: dict[PaneId, PaneId]) -> Layout:
    """The same rectangles with other panes in them (swap-pane, rotate-window)."""
    if isinstance(layout, Leaf):
        return msgspec.structs.replace(layout, pane=names.get(layout.pane, layout.pane))
    return msgspec.structs.replace(
        layout, children=tuple(renamed(child, names) for child in layout.children)
    )
