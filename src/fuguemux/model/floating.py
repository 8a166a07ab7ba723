"""Floating panes: rectangles of their own above the layout of a window, in an order of depth. Pure.

A place is stored as it was asked for. It is shown fitted into the window, so that a window that becomes small and large
again has its floating panes where they were.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Layout, Rectangle

WITHOUT_BORDER: Final = "none"
Place = tuple[int, int, int, int]
"""Column and row of the first cell inside the border, columns, rows."""


class Floating(msgspec.Struct, frozen=True, array_like=True):
    """One floating pane. `x` and `y` are of its first cell, inside the border."""

    pane: PaneId
    x: int
    y: int
    columns: int
    rows: int
    lines: str = ""
    """As `pane-border-lines`, or `none` for no border. Empty: as the option says."""
    style: str = ""
    """The style of the border while the pane is not active. Empty: `pane-border-style`."""
    active_style: str = ""
    """The style of the border while the pane is active. Empty: `pane-active-border-style`."""
    above_zoom: bool = False
    """Whether it stays visible while another pane is zoomed."""
    tiled: Layout | None = None
    """The layout of the window when the pane was lifted out of it. None: it was never part of one."""


def edge(pane: Floating) -> int:
    """The width of the pane's border."""
    return 0 if pane.lines == WITHOUT_BORDER else 1


def fitted(pane: Floating, columns: int, rows: int) -> Rectangle:
    """The pane's rectangle, without its border, in a window of this size: moved inside, and smaller if it must be."""
    border = edge(pane)
    wide = min(pane.columns, max(1, columns - 2 * border))
    high = min(pane.rows, max(1, rows - 2 * border))
    x = max(min(pane.x, columns - border - wide), min(border, columns - wide), 0)
    y = max(min(pane.y, rows - border - high), min(border, rows - high), 0)
    return Rectangle(x, y, wide, high)


def framed(pane: Floating, rectangle: Rectangle) -> Rectangle:
    """`rectangle` with the pane's border around it."""
    border = edge(pane)
    x, y, columns, rows = rectangle
    return Rectangle(x - border, y - border, columns + 2 * border, rows + 2 * border)


def found(floating: Iterable[Floating], pane: PaneId) -> Floating | None:
    """The entry of `pane`; None: it does not float."""
    return next((each for each in floating if each.pane == pane), None)


def raised(floating: tuple[Floating, ...], pane: PaneId) -> tuple[Floating, ...]:
    """`floating`, which is ordered from the front to the back, with `pane` in front. The same value if it is there or
    does not float.
    """
    mine = found(floating, pane)
    if mine is None or floating[0] is mine:
        return floating
    return (mine, *(each for each in floating if each is not mine))
