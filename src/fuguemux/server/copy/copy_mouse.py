"""Selecting with the mouse in copy mode."""

from collections.abc import Callable
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.model.pane_places import every_rectangle
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import ServerState
from fuguemux.server.copy.copy_mode import CopyMode
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes

SCROLL_SECONDS: Final = 0.05
"""How often a row is scrolled while the mouse is held at an edge."""


def cell_in_pane(
    state: ServerState, pane: PaneId, mouse: Pointing, *, before: bool = False
) -> tuple[int, int] | None:
    """The column and row of the mouse in the pane, now or `before`; None: it is outside of the pane."""
    stored = state.panes.get(pane)
    window = None if stored is None else state.windows.get(stored.window)
    if window is None:
        return None
    x, y, columns, rows = every_rectangle(state, window)[pane]
    column, row = (mouse.last_column, mouse.last_row) if before else (mouse.column, mouse.row)
    column, row = column + mouse.offset_column, row + mouse.offset_row
    if mouse.status_row == 0 and row >= mouse.status_rows:
        row -= mouse.status_rows
    inside = x <= column < x + columns and y <= row < y + rows
    return (column - x, row - y) if inside else None


def began(mode: CopyMode, column: int, row: int) -> None:
    """Begin a selection at a visible cell."""
    mode.put(column, row)
    mode.anchor, mode.stopped, mode.whole_lines, mode.swapped = mode.cursor, None, False, False


class Dragging:
    """Selections that the mouse makes. Belongs to the loop."""

    def __init__(
        self,
        state: Callable[[], ServerState],
        panes: Panes,
        scroll: ScrollViews,
        redraw: Callable[[PaneTerminal], None],
    ) -> None:
        self._state = state
        self._panes = panes
        self._scroll = scroll
        self._redraw = redraw

    def begin(self, pane: PaneId, mouse: Pointing) -> bool:
        """Begin a selection where the mouse was before this event. Returns False if it was outside of the pane."""
        at = cell_in_pane(self._state(), pane, mouse, before=True)
        if at is None or not self._do(pane, lambda mode: began(mode, *at)):
            return False
        self.dragged(pane, mouse)
        return True

    def dragged(self, pane: PaneId, mouse: Pointing) -> bool:
        """Extend the selection to the mouse. Returns whether to scroll on, because it is at an edge."""
        at = cell_in_pane(self._state(), pane, mouse)
        if at is None:
            return False
        mode = self._scroll.mode(pane)
        before = None if mode is None else mode.cursor
        self._do(pane, lambda trial: trial.put(*at))
        if mode is None or (
            mode.cursor.line == (before or mode.cursor).line and mode.cursor != before
        ):
            return False
        return self.scrolled(pane)

    def scrolled(self, pane: PaneId) -> bool:
        """Scroll by a row if the cursor is at an edge. Returns whether it is."""
        mode = self._scroll.mode(pane)
        if mode is None:
            return False
        row = mode.row
        if row not in (0, mode.rows - 1):
            return False
        self._do(pane, lambda trial: trial.move_rows(-1 if row == 0 else 1))
        return True

    def _do(self, pane: PaneId, work: Callable[[CopyMode], None]) -> bool:
        terminal, mode = self._panes.get(pane), self._scroll.mode(pane)
        if terminal is None or mode is None:
            return False

        def fitted(trial: CopyMode) -> None:
            trial.fit(terminal.emulator.size)
            work(trial)

        done = mode.tried(fitted)
        if done:
            self._scroll.moved()
            self._redraw(terminal)
        return done
