"""The part of a text that a pane shows in copy mode, and the cursor in it."""

from fuguemux.model.live import TextAt
from fuguemux.server.copy.copy_document import Document, RowAt, Spot
from fuguemux.terminal.emulator import ScreenSize
from fuguemux.terminal.style import text_width


class CopyView:
    """Belongs to the loop. All places refer to the text."""

    def __init__(self, document: Document, history_rows: int, size: ScreenSize) -> None:
        self.document = document
        self.history_rows = history_rows
        """The number of rows above the screen; an estimate if the history is long. Negative if the lines do not fill the
        screen.
        """
        self._stored_rows = history_rows
        """About how many rows the lines before the screen's first line take, independent of the screen's present size."""
        self.columns, self.rows = size
        self.top = RowAt(document.tail, 0)
        self.cursor = Spot(document.tail, 0)
        self._column = self._length = 0
        """Where the cursor was, and how long its row was, when it was last not at the end of a row."""
        self.top = self.bottom_top()

    def fit(self, size: ScreenSize) -> None:
        """Adjust to the pane's present size."""
        if (self.columns, self.rows) == size:
            return
        at_bottom = self.back == 0
        begin = self.document.starts(self.top.line, self.columns)[self.top.row]
        # An additional row of the screen was above the screen before.
        self.history_rows += self.rows - size.rows
        self.columns, self.rows = size
        self.top = self.document.row_of(Spot(self.top.line, begin), self.columns)
        if at_bottom:
            self.top = self.bottom_top()
        self._keep_top()
        self._show_cursor()

    def bottom_top(self) -> RowAt:
        """The first visible row when the view is at the bottom."""
        last = self.document.stop - 1
        end = RowAt(last, len(self.document.starts(last, self.columns)) - 1)
        return self.document.rows_behind(end, -(self.rows - 1), self.columns)[0]

    @property
    def back(self) -> int:
        """How many rows the view is above the bottom."""
        bottom = self.bottom_top()
        if self.top >= bottom:
            return 0
        total = self._stored_rows
        return self.document.rows_between(self.top, bottom, self.columns, total=total)

    @property
    def row(self) -> int:
        """The visible row that contains the cursor."""
        return self._rows_to(self._cursor_row())

    def _cursor_row(self) -> RowAt:
        return self.document.row_of(self.cursor, self.columns)

    def _rows_to(self, at: RowAt) -> int:
        between, total = self.document.rows_between, self._stored_rows
        if at < self.top:
            return -between(at, self.top, self.columns, total=total)
        return between(self.top, at, self.columns, total=total)

    def _keep_top(self) -> None:
        self.top = min(self.top, self.bottom_top())

    def _show_cursor(self) -> None:
        """Scroll by the smallest amount that makes the cursor visible."""
        at = self._cursor_row()
        if at < self.top:
            self.top = at
        elif self._rows_to(at) >= self.rows:
            self.top = self.document.rows_behind(at, -(self.rows - 1), self.columns)[0]

    def put(self, column: int, row: int) -> None:
        """Move the cursor to a cell of the visible rows."""
        self.cursor = self.document.spot_at(self._row_at(row), column, self.columns)

    def go(self, spot: Spot, *, centre: bool = False) -> None:
        """Move the cursor to a place in the text."""
        self.cursor = spot
        at = self._cursor_row()
        if centre and (at < self.top or self._rows_to(at) >= self.rows):
            self._show_around(at)
        self._show_cursor()

    def _show_around(self, at: RowAt) -> None:
        """Scroll to a row far away, so that a quarter of the height is below it, if there are enough rows."""
        gap, behind = self.rows // 4, self.document.rows_behind
        first, moved = behind(at, -self.rows, self.columns)
        if moved < self.rows:
            self.top = first
        elif behind(at, gap, self.columns)[1] < gap - 1:
            self.top = self.bottom_top()
        else:
            self.top = behind(at, gap - self.rows, self.columns)[0]
            self._keep_top()

    def move_rows(self, rows: int) -> None:
        """Move the cursor down, or up if negative, by rows, as near to its column as the rows allow."""
        self._remember()
        at, _ = self.document.rows_behind(self._cursor_row(), rows, self.columns)
        self._settle(at)
        self._show_cursor()

    def _remember(self) -> None:
        column, length = self._column_now(), self._length_of(self._cursor_row())
        if column != length:
            self._column, self._length = column, length

    def _column_now(self) -> int:
        return self.document.column_of(self.cursor, self.columns)

    def _length_of(self, at: RowAt) -> int:
        return text_width(self._row_text(at))

    def _row_text(self, at: RowAt) -> str:
        starts, text = self.document.starts(at.line, self.columns), self.document.text(at.line)
        return text[starts[at.row] : starts[at.row + 1] if at.row + 1 < len(starts) else None]

    def _settle(self, at: RowAt) -> None:
        """Move the cursor to a row, at the remembered column. A cursor that was at the end of a row, or behind it, stays
        at the end.
        """
        length = self._length_of(at)
        column = self._column
        if column >= self._length or column > length:
            column = length
        self.cursor = self.document.spot_at(at, column, self.columns)

    def _row_at(self, row: int) -> RowAt:
        return self.document.rows_behind(self.top, max(0, min(row, self.rows - 1)), self.columns)[0]

    def scroll(self, rows: int, *, keeps_column: bool = False) -> int:
        """Scroll back by rows (forward if negative). The cursor keeps its visible row. Returns the number of rows
        scrolled. With `keeps_column` a cursor at the end of its row does not stay at ends.
        """
        column = self._column_now()
        self._remember()
        row, before = self.row, self.top
        self.top, moved = self.document.rows_behind(self.top, -rows, self.columns)
        if rows < 0 and self.top > (bottom := self.bottom_top()):
            self.top = bottom
            total = self._stored_rows
            moved = max(0, self.document.rows_between(before, bottom, self.columns, total=total))
        if keeps_column:
            self.put(column, row)
        else:
            self._settle(self._row_at(row))
        return moved

    def page(self, rows: int) -> None:
        """Scroll a page back, or forward. If there is not enough to scroll, the cursor moves by a page too, as in tmux."""
        if self.scroll(rows) < abs(rows):
            self._settle(self._row_at(self.row - rows))

    def top_of_history(self) -> None:
        """Go to the first line."""
        self.top = RowAt(self.document.first, 0)
        self.put(0, 0)

    def bottom_of_history(self) -> None:
        """Go to the last row."""
        self.top = self.bottom_top()
        self.put(self.columns, self.rows - 1)

    def text_at(self, column: int, row: int) -> TextAt:
        """The text at a visible cell."""
        at = self._row_at(row)
        spot = self.document.spot_at(at, column, self.columns)
        shown, begin = self._row_text(at), self.document.starts(at.line, self.columns)[at.row]
        if self.document.column_of(spot, self.columns) != column:
            return TextAt(shown, shown, len(shown))  # behind the end of the row
        return TextAt(shown, shown, spot.offset - begin)
