"""Where the panes of a window are, and which sizes their programs have.

A pane fills its cell of the layout, but for one row: the option `pane-border-status` takes a row from each pane at the top or
at the bottom edge of the window for a line of text. The layout itself knows nothing of that row, as in tmux 3.3a. The
option is durable, so a recovery computes the same sizes.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Edge, Layout, Leaf, Rectangle, edge_of
from fuguemux.model.state import ServerState, Window
from fuguemux.model.window_panes import floating_rectangles, zoomed_pane

STATUS: Final = "pane-border-status"
_EDGES: Final[Mapping[str, Edge]] = {"top": "top", "bottom": "bottom"}


def border_edge(state: ServerState, window: Window) -> Edge:
    """The value of `pane-border-status` that is in force in the window."""
    own = window.options.get(STATUS)
    return _EDGES.get(state.window_options.get(STATUS, "") if own is None else own, "off")


def rectangles_within(
    layout: Layout, edge: Edge, x: int = 0, y: int = 0
) -> Iterator[tuple[PaneId, Rectangle]]:
    """What the program of each pane has of the window, in layout order. It has no row if its cell has only one."""
    if isinstance(layout, Leaf):
        text = 1 if edge != "off" else 0
        top = 1 if edge == "top" else 0
        yield layout.pane, Rectangle(x, y + top, layout.columns, layout.rows - text)
        return
    for index, child in enumerate(layout.children):
        yield from rectangles_within(child, edge_of(layout, index, edge), x, y)
        if layout.direction == "row":
            x += child.columns + 1
        else:
            y += child.rows + 1


def whole_window(window: Window, edge: Edge) -> Rectangle:
    """What a zoomed pane has of the window."""
    alone = Leaf(window.layout.columns, window.layout.rows, window.active)  # any pane
    return next(rectangle for _, rectangle in rectangles_within(alone, edge))


def shown_rectangles(state: ServerState, window: Window) -> list[tuple[PaneId, Rectangle]]:
    """What a client sees below the floating panes: the tiled ones in layout order, or the zoomed one alone."""
    edge = border_edge(state, window)
    zoomed = zoomed_pane(window)
    if zoomed is not None:
        return [(zoomed, whole_window(window, edge))]
    return list(rectangles_within(window.layout, edge))


def every_rectangle(state: ServerState, window: Window) -> dict[PaneId, Rectangle]:
    """All panes in the order of their indices. A zoomed pane has the whole window, and the others keep their place."""
    edge = border_edge(state, window)
    found = dict(rectangles_within(window.layout, edge))
    if window.floating:
        found |= sorted(floating_rectangles(window))
    zoomed = zoomed_pane(window)
    if zoomed is not None:
        found[zoomed] = whole_window(window, edge)
    return found


def pane_sizes(state: ServerState, window: Window) -> dict[PaneId, tuple[int, int]]:
    """The columns and rows of each pane's program in a window. A terminal has a row even where none is shown."""
    return {
        pane: (cell.columns, max(cell.rows, 1))
        for pane, cell in every_rectangle(state, window).items()
    }


def text_rows(state: ServerState, window: Window, pane: PaneId) -> int:
    """How many rows of the pane's cell are the line of text at the edge of the window: 1 or 0."""
    return text_rows_within(window.layout, pane, border_edge(state, window))


def text_rows_within(layout: Layout, pane: PaneId, edge: Edge) -> int:
    """As `text_rows`, for a layout."""
    whole, left = (dict(rectangles_within(layout, at))[pane].rows for at in ("off", edge))
    return whole - left
