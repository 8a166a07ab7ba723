"""What is under the mouse: a part of the status line, a border, or a pane. Pure. After tmux 3.3a, MOUSE SUPPORT."""

from collections.abc import Sequence
from typing import NamedTuple

from fuguemux.model.floating import fitted, framed
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.layout import Edge, Rectangle
from fuguemux.model.pane_places import rectangles_within
from fuguemux.model.pointing import Where
from fuguemux.model.state import Session, Window, link_of
from fuguemux.model.window_panes import is_visible, zoomed_pane
from fuguemux.terminal.styled_row import DrawnRow


class ShownRange(NamedTuple):
    """Cells of a row of the status line, from `begin` up to `end`, and what they show.

    `kind`: `left`, `right`, or `window`, whose `argument` is the index of the window.
    """

    row: int
    begin: int
    end: int
    kind: str
    argument: int = 0


def shown_ranges(rows: Sequence[DrawnRow]) -> list[ShownRange]:
    """The ranges of the rows of a drawn status line."""
    return [
        ShownRange(at, *found[:3], int(found.argument) if found.argument.isdecimal() else 0)
        for at, row in enumerate(rows)
        for found in row.ranges
    ]


class ShownArea(NamedTuple):
    """What a client shows where."""

    session: Session
    window: Window
    status_row: int = -1
    """The first row of the status line; -1: there is none."""
    status_rows: int = 0
    ranges: Sequence[ShownRange] = ()
    offset_column: int = 0
    offset_row: int = 0
    """The place in the window of the cell at the top left of the panes."""
    edge: Edge = "off"
    """The edge of the window at which panes have a line of text."""


class MousePlace(NamedTuple):
    """What is at a cell."""

    where: Where
    window: WindowId | None = None
    pane: PaneId | None = None


def place_at(area: ShownArea, column: int, row: int) -> MousePlace | None:
    """What is at a cell of the client's terminal; None: nothing that has keys."""
    if area.status_row <= row < area.status_row + area.status_rows and area.status_row >= 0:
        return _in_status(area, column, row - area.status_row)
    if area.status_row == 0:
        row -= area.status_rows
    column, row = column + area.offset_column, row + area.offset_row
    return _in_window(area.window, area.edge, column, row)


def _in_status(area: ShownArea, column: int, row: int) -> MousePlace | None:
    found = next((r for r in area.ranges if r.row == row and r.begin <= column < r.end), None)
    if found is None:
        return MousePlace("StatusDefault")
    if found.kind == "left":
        return MousePlace("StatusLeft")
    if found.kind == "right":
        return MousePlace("StatusRight")
    if found.kind != "window":
        return MousePlace("StatusDefault")
    link = link_of(area.session, found.argument)
    return None if link is None else MousePlace("Status", link.window)


def _in_window(window: Window, edge: Edge, column: int, row: int) -> MousePlace | None:
    zoomed = zoomed_pane(window)
    above = _in_floating(window, column, row, zoomed)
    if above is not None:
        return above
    if zoomed is not None:
        first = 1 if edge == "top" else 0
        inside = column < window.layout.columns and first <= row < window.layout.rows
        return MousePlace("Pane", window.id, zoomed) if inside else None
    places = list(rectangles_within(window.layout, edge))
    for pane, (x, y, columns, rows) in places:
        beside = x + columns == column and y <= row + 1 and y + rows >= row
        below = y + rows == row and x <= column + 1 and x + columns >= column
        if beside or below:
            return MousePlace("Border", window.id, pane)
    for pane, (x, y, columns, rows) in places:
        if x <= column < x + columns and y <= row < y + rows:
            return MousePlace("Pane", window.id, pane)
    return None


def _in_floating(window: Window, column: int, row: int, zoomed: PaneId | None) -> MousePlace | None:
    """The front floating pane or its border at a cell; None: no floating pane is there."""

    def has_cell(rectangle: Rectangle) -> bool:
        x, y, columns, rows = rectangle
        return x <= column < x + columns and y <= row < y + rows

    for each in window.floating:
        if each.pane == zoomed or not is_visible(window, each.pane):
            continue
        inside = fitted(each, window.layout.columns, window.layout.rows)
        if has_cell(inside):
            return MousePlace("Pane", window.id, each.pane)
        if has_cell(framed(each, inside)):
            return MousePlace("Border", window.id, each.pane)
    return None
