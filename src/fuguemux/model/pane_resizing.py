"""Resizes one pane of a layout: moves the border beside it, as tmux 3.3a's resize-pane does. Pure."""

from fuguemux.model.ids import PaneId
from fuguemux.model.layout import (
    Direction,
    Edge,
    Layout,
    Split,
    border_moved,
    cell_at,
    path_to,
    size_of,
)


def _border_path(layout: Layout, pane: PaneId, direction: Direction) -> list[int] | None:
    """Path to the nearest cell around `pane` whose parent has the direction `direction`."""
    path = path_to(layout, pane)
    while path:
        parent = cell_at(layout, path[:-1])
        assert isinstance(parent, Split)
        if parent.direction == direction:
            return path
        path = path[:-1]
    return None


def resize_pane(
    layout: Layout, pane: PaneId, direction: Direction, change: int, *, edge: Edge = "off"
) -> Layout:
    """Move the border after `pane` (before it, if it is the last) by `change` cells to the right or down."""
    path = _border_path(layout, pane, direction)
    if path is None:
        return layout
    parent = cell_at(layout, path[:-1])
    assert isinstance(parent, Split)
    if path[-1] == len(parent.children) - 1:
        path = [*path[:-1], path[-1] - 1]
    return border_moved(layout, path, change, edge=edge)


def resize_pane_to(
    layout: Layout, pane: PaneId, direction: Direction, size: int, *, edge: Edge = "off"
) -> Layout:
    """Set the cell around `pane` that can grow in `direction` to `size` cells, as far as its neighbours allow."""
    path = _border_path(layout, pane, direction)
    if path is None:
        return layout
    parent = cell_at(layout, path[:-1])
    assert isinstance(parent, Split)
    now = size_of(cell_at(layout, path), direction)
    last = path[-1] == len(parent.children) - 1
    change = now - size if last else size - now
    return resize_pane(layout, pane, direction, change, edge=edge)
