"""The panes of a window, tiled and floating: in the order of their indices, with their rectangles, and which is zoomed."""

from collections.abc import Iterator

from fuguemux.model.floating import fitted, found
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Rectangle, panes_of, rectangles
from fuguemux.model.state import Window


def panes_in(window: Window) -> tuple[PaneId, ...]:
    """All panes in the order of their indices: those of the layout, then the floating ones, the oldest first."""
    tiled = panes_of(window.layout)
    if not window.floating:
        return tiled
    return (*tiled, *sorted(each.pane for each in window.floating))


def floating_rectangles(window: Window) -> Iterator[tuple[PaneId, Rectangle]]:
    """The floating panes from the front to the back, with their rectangles, without borders."""
    for each in window.floating:
        yield each.pane, fitted(each, window.layout.columns, window.layout.rows)


def all_rectangles(window: Window) -> dict[PaneId, Rectangle]:
    """Every pane of the window in the order of their indices, with its rectangle. Zoom is not looked at."""
    cells = dict(rectangles(window.layout))
    if window.floating:
        cells |= sorted(floating_rectangles(window))
    return cells


def pane_rectangle(window: Window, pane: PaneId) -> Rectangle:
    """The rectangle of `pane`, which covers the window if it is zoomed. Raises KeyError."""
    if pane == zoomed_pane(window):
        return Rectangle(0, 0, window.layout.columns, window.layout.rows)
    return all_rectangles(window)[pane]


def is_floating(window: Window, pane: PaneId) -> bool:
    """Whether the pane floats in the window."""
    return found(window.floating, pane) is not None


def is_above_zoom(window: Window, pane: PaneId) -> bool:
    """Whether the pane floats and stays visible while another one is zoomed."""
    mine = found(window.floating, pane)
    return mine is not None and mine.above_zoom


def zoomed_pane(window: Window) -> PaneId | None:
    """The pane that covers the window: the active one, or below a floating one that stays visible the one that was
    active before. None: the window is not zoomed.
    """
    if not window.zoomed:
        return None
    if not window.floating:
        return window.active
    recent = (window.active, *window.last, *panes_of(window.layout))
    return next(pane for pane in recent if not is_above_zoom(window, pane))


def is_visible(window: Window, pane: PaneId) -> bool:
    """Whether zoom leaves the pane visible."""
    return not window.zoomed or pane == zoomed_pane(window) or is_above_zoom(window, pane)


def depth(window: Window, pane: PaneId) -> int:
    """The pane's place in the order of depth, 0 for the front. Tiled panes come behind the floating ones."""
    for at, each in enumerate(window.floating):
        if each.pane == pane:
            return at
    return len(window.floating) + panes_of(window.layout).index(pane)
