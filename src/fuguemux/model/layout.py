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


def shrinkable(cell: Layout, direction: Direction) -> int:
    """By how many cells `cell` can shrink in `direction`."""
    if isinstance(cell, Leaf):
        return max(0, size_of(cell, direction) - CELL_MIN)
    room = [shrinkable(child, direction) for child in cell.children]
    return sum(room) if cell.direction == direction else min(room)


def _adjust(cell: Layout, direction: Direction, change: int) -> Layout:
    """Return `cell` with its size changed. Children in the same direction share the change one cell at a time."""
    if change == 0:
        return cell
    cell = _sized(cell, direction, size_of(cell, direction) + change)
    if isinstance(cell, Leaf):
        return cell
    if cell.direction != direction:
        children = tuple(_adjust(child, direction, change) for child in cell.children)
        return msgspec.structs.replace(cell, children=children)
    step = 1 if change > 0 else -1
    room = [shrinkable(child, direction) for child in cell.children]
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
        _adjust_by_steps(child, direction, share)
        for child, share in zip(cell.children, shares, strict=True)
    )
    return msgspec.structs.replace(cell, children=children)


def _adjust_by_steps(cell: Layout, direction: Direction, change: int) -> Layout:
    """Change one cell at a time. This matters for nested children: each step begins with the first of them."""
    if isinstance(cell, Leaf):
        return _adjust(cell, direction, change)
    for _ in range(abs(change)):
        cell = _adjust(cell, direction, 1 if change > 0 else -1)
    return cell


def resize(layout: Layout, columns: int, rows: int) -> Layout:
    """The layout in a window of another size. Never smaller than the minimum size of its panes allows."""
    wanted: tuple[tuple[Direction, int], ...] = (("row", columns), ("column", rows))
    for direction, size in wanted:
        change = size - size_of(layout, direction)
        layout = _adjust(layout, direction, max(change, -shrinkable(layout, direction)))
    return layout


def _path(layout: Layout, pane: PaneId) -> list[int]:
    """Child indices from the root to `pane`. Raises KeyError if it is not there."""
    if isinstance(layout, Leaf):
        if layout.pane == pane:
            return []
        raise KeyError(pane)
    for index, child in enumerate(layout.children):
        try:
            return [index, *_path(child, pane)]
        except KeyError:
            continue
    raise KeyError(pane)


def _at(layout: Layout, path: list[int]) -> Layout:
    for index in path:
        assert isinstance(layout, Split)
        layout = layout.children[index]
    return layout


def _replaced(layout: Layout, path: list[int], change: Callable[[Layout], Layout]) -> Layout:
    if not path:
        return change(layout)
    assert isinstance(layout, Split)
    children = list(layout.children)
    children[path[0]] = _replaced(children[path[0]], path[1:], change)
    return msgspec.structs.replace(layout, children=tuple(children))


def _new_size(
    cell: Layout, direction: Direction, previous: int, size: int, count_left: int, left: int
) -> int:
    """A child's share when its parent changes from `previous` to `size`, with `left` cells not distributed yet."""
    if count_left == 1:
        return left
    now = size_of(cell, direction)
    needed = max((CELL_MIN + 1) * (count_left - 1), now - shrinkable(cell, direction))
    return max(min(now * size // previous, left - needed), CELL_MIN)


def _fits(cell: Layout, direction: Direction, size: int) -> bool:
    """Whether `cell` can be scaled to `size` in `direction`."""
    if isinstance(cell, Leaf):
        return size >= CELL_MIN
    if cell.direction != direction:
        return all(_fits(child, direction, size) for child in cell.children)
    count, left, previous = len(cell.children), size, size_of(cell, direction)
    if left < count * 2 - 1:
        return False
    for index, child in enumerate(cell.children):
        share = _new_size(child, direction, previous, size, count - index, left)
        border = 0 if index == count - 1 else 1
        if share + border > left or not _fits(child, direction, share):
            return False
        left -= share + border
    return True


def _scaled(cell: Layout, columns: int, rows: int) -> Layout:
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
        share = _new_size(child, along, previous, size_of(cell, along), count - index, left)
        left -= share + 1
        size = (share, rows) if along == "row" else (columns, share)
        children.append(_scaled(child, *size))
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
) -> Layout:
    """Return `layout` with `pane` beside `target`: after it, or `before` it; `size` in cells, else half.

    With `full` the new pane spans the whole window. Raises NoSpace, and KeyError if `target` is not there.
    """
    path = [] if full else _path(layout, target)
    cell = _at(layout, path)
    saved = size_of(cell, direction)
    if saved < CELL_MIN * 2 + 1:
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
    if full and not _fits(cell, direction, old_size):
        raise NoSpace
    new = _sized(Leaf(cell.columns, cell.rows, pane), direction, new_size)
    columns, rows = (old_size, cell.rows) if direction == "row" else (cell.columns, old_size)
    old = _scaled(cell, columns, rows)
    pair = (new, old) if before else (old, new)
    if full and isinstance(old, Split) and old.direction == direction:
        children = (new, *old.children) if before else (*old.children, new)
        return Split(cell.columns, cell.rows, direction, children)
    if path:
        parent = _at(layout, path[:-1])
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
    path = _path(layout, pane)
    if not path:
        return None
    parent = _at(layout, path[:-1])
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


def _border_path(layout: Layout, pane: PaneId, direction: Direction) -> list[int] | None:
    """Path to the nearest cell around `pane` whose parent has the direction `direction`."""
    path = _path(layout, pane)
    while path:
        parent = _at(layout, path[:-1])
        assert isinstance(parent, Split)
        if parent.direction == direction:
            return path
        path = path[:-1]
    return None


def resize_pane(
    layout: Layout, pane: PaneId, direction: Direction, change: int, *, opposite: bool = True
) -> Layout:
    """Move the border after `pane` (before it, if it is the last) by `change` cells to the right or down."""
    path = _border_path(layout, pane, direction)
    if path is None:
        return layout
    parent = _at(layout, path[:-1])
    assert isinstance(parent, Split)
    if path[-1] == len(parent.children) - 1:
        path = [*path[:-1], path[-1] - 1]
    return border_moved(layout, path, change, opposite=opposite)


def border_moved(layout: Layout, path: list[int], change: int, *, opposite: bool = True) -> Layout:
    """Move the border after the cell at `path` (child indices from the root), which is not the last of its parent.

    Unless `opposite`, only cells on the side to which the border moves give room.
    """
    parent, at = _at(layout, path[:-1]), path[-1]
    assert isinstance(parent, Split)
    children = list(parent.children)
    while change != 0:
        moved = _move_border(children, at, parent.direction, change, opposite)
        if moved == 0:
            break
        change -= moved
    return _replaced(
        layout, path[:-1], lambda _: msgspec.structs.replace(parent, children=tuple(children))
    )


def _move_border(
    children: list[Layout], at: int, direction: Direction, change: int, opposite: bool
) -> int:
    """Move the border as far as one neighbour can give cells. Returns the signed number of cells moved, 0 if none can."""
    if change > 0:
        givers = list(range(at + 1, len(children)))
        if opposite:
            givers += range(at - 1, -1, -1)
        taker = at
    else:
        givers = list(range(at, -1, -1))
        taker = at + 1
    for giver in givers:
        room = shrinkable(children[giver], direction)
        if room > 0:
            size = min(room, abs(change))
            children[taker] = _adjust(children[taker], direction, size)
            children[giver] = _adjust(children[giver], direction, -size)
            return size if change > 0 else -size
    return 0


def resize_pane_to(layout: Layout, pane: PaneId, direction: Direction, size: int) -> Layout:
    """Set the cell around `pane` that can grow in `direction` to `size` cells, as far as its neighbours allow."""
    path = _border_path(layout, pane, direction)
    if path is None:
        return layout
    parent = _at(layout, path[:-1])
    assert isinstance(parent, Split)
    now = size_of(_at(layout, path), direction)
    last = path[-1] == len(parent.children) - 1
    return resize_pane(layout, pane, direction, now - size if last else size - now)


def renamed(layout: Layout, names: dict[PaneId, PaneId]) -> Layout:
    """The same rectangles with other panes in them (swap-pane, rotate-window)."""
    if isinstance(layout, Leaf):
        return msgspec.structs.replace(layout, pane=names.get(layout.pane, layout.pane))
    return msgspec.structs.replace(
        layout, children=tuple(renamed(child, names) for child in layout.children)
    )
