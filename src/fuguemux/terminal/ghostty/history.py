"""Takes the lines that scrolled off the screen out of a libghostty-vt terminal, each exactly once.

The engine keeps the history in pages of some hundred rows and recycles the oldest page when a byte limit is reached.
Recycling is what makes it fast; with pages freed and mapped again it runs at a third of the speed. So rows that were
taken stay until they are recycled, and a reference that the engine tracks marks the newest row taken. Rows are taken long
before the limit could reach them: after every piece of output (`pushed`) the code checks how many rows wait, and how many
taken ones the engine would recycle before them.

A selection is formatted in one call with soft-wrapped rows joined, then split: 0.5 µs per line. In a flood that is the
most expensive step, and mostly wasted, because the lines are beyond the history limit before anybody reads them. So rows
wait in the engine as long as there is space. When there is none, the oldest are skipped if enough whole lines follow
them; otherwise a batch of them is taken, since taking all at once takes tens of milliseconds. Counting lines is ten times
as fast as formatting them.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from fuguemux.terminal.emulator import Archived
from fuguemux.terminal.ghostty._abi import ffi
from fuguemux.terminal.ghostty.library import check
from fuguemux.terminal.ghostty.pushed import PIECE_ROWS_MAX
from fuguemux.terminal.ghostty.rows import LINE_END, Rows

TAKE_ROWS: Final = 1000  # rows in the history that are taken out together
TAKE_FED_BYTES: Final = 256 << 10  # or sooner: many styles make pages large
PAGE_BYTES: Final = 215 * (215 + 1) * 8  # the bytes of a page: it has 215 rows of 215 cells
COUNTED_ROWS: Final = 1024  # rows that are counted in one call, and skipped together
BATCH_ROWS: Final = 2 * COUNTED_ROWS  # rows that are formatted in one call
ROW_BYTES_PER_COLUMN: Final = 9  # 8 for a cell, and the page's own tables
LIMIT_BYTES_MIN: Final = 4 << 20
LIMIT_BYTES_MAX: Final = 24 << 20  # the limit for rows that are only kept in order to be skipped


@functools.cache
def reserve_rows(columns: int) -> int:
    """The number of taken rows that must be before the first untaken one: what a piece pushes, and two pages.

    The engine recycles a whole page at a time, and a page has more rows the narrower they are.
    """
    return PIECE_ROWS_MAX + 2 * (PAGE_BYTES // (8 * (columns + 1)) + 1)


def limit_bytes(columns: int, keep_lines: int | None = None) -> int:
    """Return the engine's history limit for a width, large enough that no untaken row is recycled.

    With `keep_lines` there is space for twice as many rows, so that most floods are never formatted, unless that takes
    too much memory. If nothing could be skipped, more space would be of no use.
    """
    row_bytes, reserve = (columns + 1) * ROW_BYTES_PER_COLUMN, reserve_rows(columns)
    least = max(LIMIT_BYTES_MIN, (TAKE_ROWS + reserve) * row_bytes)
    if keep_lines is None:
        return least
    wanted = (2 * keep_lines + 4 * COUNTED_ROWS + reserve) * row_bytes
    room = min(wanted, LIMIT_BYTES_MAX)
    skippable = room // row_bytes - reserve - keep_lines >= 2 * COUNTED_ROWS
    return max(least, room) if skippable else least


class EngineHistory:
    """The primary screen's history of one terminal. Call `look` after every piece of output."""

    def __init__(self, lib: Any, terminal: Any, rows: Rows) -> None:
        self._lib = lib
        self._terminal = terminal
        self._rows = rows
        self._mark = ffi.new("GhosttyTrackedGridRef*")
        self._marked = False
        self._point = ffi.new("GhosttyPointTwin*")
        self._place = ffi.new("GhosttyPointCoordinate*")
        self._count = ffi.new("size_t*")
        self._fed_bytes = 0
        # The number of lines in every COUNTED_ROWS from the first untaken row on
        self._counts: deque[int] = deque()
        self.spare = 0  # how many rows beyond a piece could be pushed at the last `due`
        self.links = False  # whether any cell may have a link
        self.joint: bytes | None = None  # see `note_joint`
        self.taken_below = 0  # taken rows of a restored primary screen that cannot be marked yet

    def free(self) -> None:
        """Free the tracked reference, which must be done before the terminal is freed."""
        self.unmark()

    def unmark(self) -> None:
        """Count the whole history as untaken, because it was erased or the terminal is new."""
        self.joint = None
        self.taken_below = 0
        self._counts.clear()
        if self._marked:
            self._lib.ghostty_tracked_grid_ref_free(self._mark[0])
            self._marked = False

    def rows_count(self) -> int:
        """Rows in the active screen's history, taken or not."""
        lib = self._lib
        option = lib.GHOSTTY_TERMINAL_DATA_SCROLLBACK_ROWS
        check(lib.ghostty_terminal_get(self._terminal, option, self._count), "count its rows")
        return int(self._count[0])

    def first_untaken(self) -> int:
        """Return the index of the oldest untaken row, counted from the oldest row in the engine."""
        if not self._marked:
            return self.taken_below
        lib = self._lib
        found = lib.ghostty_tracked_grid_ref_point(
            self._mark[0], lib.GHOSTTY_POINT_TAG_SCREEN, self._place
        )
        return 0 if found else int(self._place.y) + 1

    def due(self, fed_bytes: int, columns: int) -> bool:
        """Whether rows must be taken, after `fed_bytes` more were fed to the primary screen, which is `columns` wide."""
        self._fed_bytes += fed_bytes
        first, reserve = self.first_untaken(), reserve_rows(columns)
        if first >= reserve:
            self.spare = first - reserve
            return False  # all of these would be recycled before the first untaken one
        self.spare = 0
        waiting = self.rows_count() - first
        return waiting >= TAKE_ROWS or (waiting > 0 and self._fed_bytes >= TAKE_FED_BYTES)

    def make_room(self, columns: int, taken: Callable[[Archived], None]) -> None:
        """Take as many rows as the next piece of output may push out of the engine."""
        while (batch := self.take(columns, BATCH_ROWS)) is not None:
            taken(batch)
            if self.first_untaken() >= reserve_rows(columns):
                break

    def skip(self, keep_lines: int) -> bool:
        """Count the oldest untaken rows as taken, if more than `keep_lines` whole lines follow them."""
        first, stop, counts = self.first_untaken(), self.rows_count(), self._counts
        start = first + len(counts) * COUNTED_ROWS
        while start + COUNTED_ROWS <= stop:
            counts.append(self._whole_lines(start, start + COUNTED_ROWS))
            start += COUNTED_ROWS
        left, skipped = sum(counts), 0
        while counts and left - counts[0] > keep_lines:
            left -= counts.popleft()
            skipped += COUNTED_ROWS
        if not skipped:
            return False
        remaining = counts.copy()
        self.mark_row(first + skipped - 1)
        self._counts = remaining
        self._fed_bytes = 0
        self.joint = None
        return True

    def _whole_lines(self, start: int, stop: int) -> int:
        """Return how many lines end in these rows, or slightly fewer: only the first column is formatted."""
        text = self._rows.format(
            "screen", (0, start), (0, stop - 1), kind="text", unwrap=True, rectangle=True
        )
        return text.count(b"\n")

    def take(self, columns: int, rows_max: int | None = None) -> Archived | None:
        """Take the oldest `rows_max` untaken rows (None: all) of the history. Returns None if there are none.

        The primary screen must be active.
        """
        start, stop = self.first_untaken(), self.rows_count()
        if rows_max is not None:
            stop = min(stop, start + rows_max)
        self._fed_bytes = 0
        if start >= stop:
            return None
        continued = self._continues(start, columns)
        self.joint = None
        lines, continues = self._lines(start, stop, columns)
        groups, rest = divmod(stop - start, COUNTED_ROWS)
        remaining = deque() if rest else deque(islice(self._counts, groups, None))
        self.mark_row(stop - 1)
        self._counts = remaining
        return Archived(False, continued, lines, continues)

    def note_joint(self, columns: int) -> None:
        """Remember that the oldest row continues a line whose head was taken.

        The engine forgets that when it re-wraps the row without its head. The row is recognised by its text, because a
        program may clear the screen, and then nothing continues the line.
        """
        self.joint = self._first_text(columns)

    def continues_taken(self, columns: int) -> bool:
        """Whether the oldest untaken row continues the last line taken."""
        start = self.first_untaken()
        if start > self.rows_count():
            return False
        return self._continues(start, columns)

    def _continues(self, row: int, columns: int) -> bool:
        if self._rows.continues("screen", row):
            return True
        if row or not self.joint:
            return False
        text = self._first_text(columns)
        return bool(text) and (text.startswith(self.joint) or self.joint.startswith(text))

    def _first_text(self, columns: int) -> bytes:
        return self._rows.format("screen", (0, 0), (columns - 1, 0), kind="text")

    def _lines(self, start: int, stop: int, columns: int) -> tuple[list[bytes], bool]:
        rows = self._rows
        last = (columns - 1, stop - 1)
        lines = rows.ansi_lines("screen", (0, start), last, links=self.links, unwrap=True)
        empty = self._empty_at_end(start, stop, columns)
        if empty:
            before = stop - empty - 1
            lines += [b""] * (empty - (before >= start and rows.wraps("screen", before)))
            return lines, False
        continues = rows.wraps("screen", stop - 1)
        if continues:
            lines[-1] += b" " * rows.blanks_at_end("screen", stop - 1, columns)
        return lines, continues

    def _empty_at_end(self, start: int, stop: int, columns: int) -> int:
        """Return how many empty rows at the end the formatter leaves out."""
        look = 1
        while True:
            look = min(look, stop - start)
            text = self._rows.format("screen", (0, stop - look), (columns - 1, stop - 1))
            if text:
                return look - (text.count(LINE_END) + 1)
            if look == stop - start:
                return look
            look *= 8

    def mark_row(self, row: int) -> None:
        """Count everything up to this row as taken."""
        lib = self._lib
        self._counts.clear()
        self._point.tag = lib.GHOSTTY_POINT_TAG_SCREEN
        self._point.value.x, self._point.value.y = 0, row
        if self._marked:
            result = lib.ghostty_tracked_grid_ref_set(self._mark[0], self._terminal, self._point[0])
        else:
            result = lib.ghostty_terminal_grid_ref_track(self._terminal, self._point[0], self._mark)
        check(result, "mark a row")
        self._marked = True
