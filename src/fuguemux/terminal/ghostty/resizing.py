"""Changes the size of a terminal, and lets lines of the history come back where that leaves rows blank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fuguemux.terminal.emulator import Event, ScreenSize
from fuguemux.terminal.ghostty import state as state
from fuguemux.terminal.ghostty.coming_back import Above
from fuguemux.terminal.ghostty.feeding import FeedingScreen
from fuguemux.terminal.ghostty.history import limit_bytes
from fuguemux.terminal.ghostty.library import check

COLUMNS_MAX: Final = 2000
ROWS_MAX: Final = 1000


class ResizingScreen(FeedingScreen):
    """See `emulator.Emulator` for what its public methods promise."""

    _missing = 0
    _joint_kept = False
    """Whether the first row of the screen continues the last line of the history, at the width that both have."""

    def resize(self, columns: int, rows: int) -> list[Event]:
        columns, rows = clamp(columns, rows)
        self._missing = 0
        if (columns, rows) == self._size:
            return []
        self._take_history()
        joint = not self.alternate and self.continues_history
        unfinished = self._to_ground()
        self._drop_history()
        before, below = self._size, self._rows_below_cursor(rows)
        sequences = state.before_resize(self._lib, self._terminal, self._rows, before, columns)
        self._write(sequences.sequence)
        self._size = ScreenSize(columns, rows)
        self._sink.columns, self._sink.rows = columns, rows
        self._generation += 1
        width, height = self._sink.cell
        result = self._lib.ghostty_terminal_resize(self._terminal, columns, rows, width, height)
        check(result, "change its size")
        self._known_modes = None  # a synchronized update ends
        self._write(sequences.undo)
        if joint:
            self._history.note_joint(columns)
        state.limit_history(self._lib, self._terminal, limit_bytes(columns, self._keep_lines))
        if columns > before.columns or rows > before.rows:
            self._missing = self._blank_above(below)
            self._joint_kept = joint and columns == before.columns
        events = self._events()
        self._write(unfinished)
        self._sink.events.clear()
        return events

    def _rows_below_cursor(self, rows: int) -> int:
        """Return how many rows are to be below the cursor on a screen of `rows` rows: tmux keeps their number, unless
        the screen becomes lower."""
        below = self._size.rows - 1 - self.cursor.row
        return max(0, below - max(0, self._size.rows - rows))

    def _blank_above(self, below: int) -> int:
        """Return by how many rows the screen may move down."""
        if self.alternate:
            return 0
        wanted = self._size.rows - 1 - below - self.cursor.row
        shown = self.render()
        blank = next((row for row, line in enumerate(reversed(shown)) if line), len(shown))
        return max(0, min(wanted, blank))

    @property
    def missing_rows(self) -> int:
        return self._missing

    @property
    def returnable_lines(self) -> int:
        return self._taken.returnable

    def bring_back(self, lines: Sequence[bytes], rows: int) -> None:
        count = min(rows, self._missing)
        self._missing = 0
        if not count or not lines:
            return
        joined = self._joint_kept and self.continues_history
        self._generation += 1
        events, unfinished, cursor = self._sink.events, self._to_ground(), self.cursor
        above = Above(self._rows, self._lib, self._terminal, *self._size)
        self._feed_pieces(above.before(lines, count))
        self._write(above.borders(count, joined=joined))
        self._write(above.after(cursor, count))
        self._write(unfinished)
        self._sink.events = events
        self._taken.open, self._history.joint = False, None
        self._taken.returnable = max(0, self._taken.returnable - len(lines))


def clamp(columns: int, rows: int) -> ScreenSize:
    """Limit a size to what the engine and its memory can bear."""
    return ScreenSize(min(max(columns, 1), COLUMNS_MAX), min(max(rows, 1), ROWS_MAX))
