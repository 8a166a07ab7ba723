"""The size of a window: what its viewers' terminals allow, by the option `window-size`. As in tmux(1)."""

from collections.abc import Sequence
from typing import NamedTuple

from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Layout, rectangles
from fuguemux.model.limits import WINDOW_COLUMNS_MAX, WINDOW_ROWS_MAX


class WindowSize(NamedTuple):
    """In cells, without status lines."""

    columns: int
    rows: int


class SizedViewer(NamedTuple):
    """A client that shows the window: the size that its terminal leaves for it, and `used`, which increases with every
    use of any client.
    """

    size: WindowSize
    used: int


def bounded(columns: int, rows: int) -> WindowSize:
    """The nearest size that a window can have."""
    return WindowSize(
        min(max(columns, 1), WINDOW_COLUMNS_MAX),
        min(max(rows, 1), WINDOW_ROWS_MAX),
    )


def window_size(policy: str, viewers: Sequence[SizedViewer]) -> WindowSize | None:
    """The size for these viewers by `policy` (latest, largest, smallest, manual). None: the size stays.

    Of several viewers with the same `used`, the last in order counts as the latest.
    """
    if not viewers or policy == "manual":
        return None
    columns = [viewer.size.columns for viewer in viewers]
    rows = [viewer.size.rows for viewer in viewers]
    if policy == "largest":
        return bounded(max(columns), max(rows))
    if policy == "smallest":
        return bounded(min(columns), min(rows))
    latest = max(enumerate(viewers), key=lambda item: (item[1].used, item[0]))[1]
    return bounded(*latest.size)


def parsed_size(text: str) -> WindowSize | None:
    """`80x24` as a size, or None if it is not one (option `default-size`)."""
    columns, separator, rows = text.partition("x")
    if not (separator and columns.isdigit() and rows.isdigit()):
        return None
    return bounded(int(columns[:6]), int(rows[:6]))


def layout_sizes(layout: Layout) -> dict[PaneId, tuple[int, int]]:
    """The columns and rows of every pane of a layout."""
    return {pane: (cell.columns, cell.rows) for pane, cell in rectangles(layout)}
