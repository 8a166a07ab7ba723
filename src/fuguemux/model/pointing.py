"""A mouse event of an attached client, as commands see it: where it happened, and what it is."""

from typing import Literal

import msgspec

from fuguemux.model.ids import PaneId, SessionId, WindowId

Where = Literal["Pane", "Status", "StatusLeft", "StatusRight", "StatusDefault", "Border"]
"""What is under the mouse, as it ends the name of a mouse key."""


class Pointing(msgspec.Struct, frozen=True):
    """One mouse event. Columns and rows count from 0, in the client's terminal, status line included."""

    key: str
    """The name of its key: `MouseDown1Pane`, `C-WheelUpStatus`."""
    column: int
    row: int
    last_column: int
    last_row: int
    """Where the mouse was at the event before this one."""
    session: SessionId
    window: WindowId | None = None
    """The window that the event is about; None: the current one of the session."""
    pane: PaneId | None = None
    """The pane under the mouse, or beside the border under it; None: the active one of the window."""
    status_row: int = -1
    """The first row of the status line; -1: there is none."""
    status_rows: int = 0
    offset_column: int = 0
    offset_row: int = 0
    """The part of the window that the client shows begins here."""
    button: int = 0
    """1 to 3, 4 and 5 for the wheel, 6 to 11, or 0 for none."""
    action: Literal["press", "release", "motion"] = "press"
    modifiers: int = 0
    """The sum of 4 (Shift), 8 (Meta) and 16 (Control)."""
    from_clock: bool = False
    """Whether it is the second click of a double click, reported again because no third one followed. Programs have
    seen it.
    """

    def in_window(self, *, before: bool = False) -> tuple[int, int]:
        """The column and row in the window now, or `before`. A row of the status line counts as the nearest row of the
        window.
        """
        column, row = (self.last_column, self.last_row) if before else (self.column, self.row)
        row += self.offset_row
        if self.status_row == 0 and row >= self.status_rows:
            row -= self.status_rows
        elif self.status_row > 0 and row >= self.status_row:
            row = self.status_row - 1
        return column + self.offset_column, row
