"""One pane in copy mode: the visible part, the cursor, the selection and the search.

The pane's lines are those of the moment when the mode began, as in tmux. All places refer to the text, so that a pane
that changes its width shows the same lines.
"""

from collections.abc import Callable, Iterator
from copy import copy
from typing import Final, NamedTuple

from fuguemux.model.live import TextAt
from fuguemux.persistence.scrollback.pattern import Pattern
from fuguemux.server.copy.copy_document import Document, RowAt, Spot
from fuguemux.server.copy.held_history import NotHeld
from fuguemux.terminal.compose import ScrolledRows
from fuguemux.terminal.emulator import ScreenSize
from fuguemux.terminal.highlight import Span, highlighted
from fuguemux.terminal.style import text_width


class Styles(NamedTuple):
    """SGR sequences for a match, the match at the cursor, and the selection."""

    match: bytes
    current: bytes
    selection: bytes


COPY_MODE: Final = "copy-mode"
VIEW_MODE: Final = "view-mode"


class ModeFacts(NamedTuple):
    """What formats can show of the mode."""

    in_mode: bool = False
    position: int = 0
    cursor_x: int = 0
    cursor_y: int = 0
    cursor_line: str = ""
    search_string: str = ""
    search_present: bool = False
    selection_present: bool = False
    name: str = ""
    """tmux's name of the mode."""


class CopyMode:
    """Belongs to the loop. The pane's size is passed with every move, because it may have changed."""

    def __init__(self, document: Document, history_rows: int, size: ScreenSize) -> None:
        self.name = COPY_MODE
        """COPY_MODE, or VIEW_MODE if the text shown is not the pane's."""
        self.last_screen_ms: int | None = None
        """In VIEW_MODE, the time of the recovery whose last screen is shown, if it is a last screen."""
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
        self.anchor: Spot | None = None
        self.rectangle = False
        self.whole_lines = False
        self.pattern: Pattern | None = None
        self.search_string = ""
        self.search_forward = True
        self.searched: int | None = None
        """The number of lines that the running search has looked through. None if no search is running."""
        self.search_stopped = False
        """Whether the search was told to stop."""
        self.match: tuple[Spot, int] | None = None
        """Where the last match begins, and its length in characters."""
        self.ends_at_bottom = False
        self.hides_position = False
        """Whether the position is not written over the first row."""
        self._column = self._length = 0
        """Where the cursor was, and how long its row was, when it was last not at the end of a row."""
        self.shown: ScrolledRows | None = None
        """The rows that were drawn last."""
        self.known = ModeFacts(True)
        self.top = self.bottom_top()

    def tried(self, work: Callable[["CopyMode"], None]) -> bool:
        """Apply `work` to the mode completely. If it needs lines that are not in memory, nothing changes and the result
        is False.
        """
        trial = copy(self)
        try:
            work(trial)
        except NotHeld:
            return False
        self.__dict__.update(trial.__dict__)
        return True

    # -- places -------------------------------------------------------------------------------

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

    # -- moving -------------------------------------------------------------------------------

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

    def scroll(self, rows: int) -> int:
        """Scroll back by rows (forward if negative). The cursor keeps its visible row. Returns the number of rows
        scrolled.
        """
        self._remember()
        row, before = self.row, self.top
        self.top, moved = self.document.rows_behind(self.top, -rows, self.columns)
        if rows < 0 and self.top > (bottom := self.bottom_top()):
            self.top = bottom
            total = self._stored_rows
            moved = max(0, self.document.rows_between(before, bottom, self.columns, total=total))
        self._settle(self._row_at(row))
        return moved

    def page(self, rows: int) -> None:
        """Scroll a page back, or forward. If there is no more to scroll, only the cursor moves, as in tmux."""
        left = abs(rows) - self.scroll(rows)
        if left:
            self._settle(self._row_at(self.row - left if rows > 0 else self.row + left))

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
        line = self.document.text(at.line)
        if self.document.column_of(spot, self.columns) != column:
            spot = Spot(at.line, len(line))  # behind the end of the row
        return TextAt(self._row_text(at), line, spot.offset)

    # -- the selection ------------------------------------------------------------------------

    def selection(self) -> tuple[Spot, Spot] | None:
        """The first place of the selection, and the place behind its last."""
        if self.anchor is None:
            return None
        begin, end = sorted((self.anchor, self.cursor))
        if self.whole_lines:
            return Spot(begin.line, 0), Spot(end.line, len(self.document.text(end.line)))
        return begin, end

    def selected(self, *, vi: bool) -> str:
        """The selected text in tmux's form: the rows of one line are joined, and blanks at line ends are removed."""
        found = self.selection()
        if found is None:
            return ""
        begin, end = found
        if vi and not self.whole_lines:
            end = Spot(end.line, end.offset + 1)
        if self.rectangle:
            return "\n".join(self._cut_rows(begin, end, vi=vi))
        parts: list[str] = []
        for line in range(begin.line, end.line + 1):
            text = self.document.text(line)
            stop = end.offset if line == end.line else len(text)
            piece = text[begin.offset if line == begin.line else 0 : stop]
            if line > begin.line and not self.document.continued(line):
                parts.append("\n")
            parts.append(piece if line == end.line else piece.rstrip(" "))
        text = "".join(parts)
        # With vi keys the cursor is on a character that belongs to the selection; behind the last character, that is the
        # line end.
        whole = self.whole_lines or end.offset > len(self.document.text(end.line))
        return text + "\n" if vi and whole else text

    def _cut_rows(self, begin: Spot, end: Spot, *, vi: bool) -> Iterator[str]:
        assert self.anchor is not None, "there is a selection"
        document, columns = self.document, self.columns
        ends = sorted(document.column_of(spot, columns) for spot in (self.anchor, self.cursor))
        at, last = document.row_of(begin, columns), document.row_of(Spot(*end), columns)
        while True:
            left = document.spot_at(at, ends[0], columns)
            right = document.spot_at(at, ends[1] + vi, columns)
            yield document.text(at.line)[left.offset : right.offset]
            after, moved = document.rows_behind(at, 1, columns)
            if at >= last or not moved:
                return
            at = after

    # -- drawing ------------------------------------------------------------------------------

    def view(self, styles: Styles, *, vi: bool) -> ScrolledRows:
        """The rows that the pane shows."""
        shown = self.document.rows(self.top, self.rows, self.columns)
        matches = self._matches({at.line for at, _ in shown})
        rows = [
            highlighted(
                row, [*self._spans_in(at, matches, styles), *self._selected_in(at, styles, vi=vi)]
            )
            for at, row in shown
        ]
        column = self.document.column_of(self.cursor, self.columns)
        cursor = (min(column, self.columns - 1), self.row)
        note = ""
        if self.searched is not None:
            ends = "stopping" if self.search_stopped else "C-c stops"
            note = f"searched {self.searched:,} lines, {ends}"
        back = self.back
        shown_position = not self.hides_position or bool(note)
        total = max(back, self.history_rows)
        return ScrolledRows(rows, back, total, cursor, note, shown_position)

    def _matches(self, lines: set[int]) -> dict[int, list[tuple[int, int]]]:
        if self.pattern is None:
            return {}
        text, spans = self.document.text, self.pattern.spans
        return {line: spans(text(line).encode("utf-8", "replace")) for line in lines}

    def _spans_in(
        self, at: RowAt, matches: dict[int, list[tuple[int, int]]], styles: Styles
    ) -> Iterator[Span]:
        for begin, end in matches.get(at.line, ()):
            here = self.match is not None and self.match[0] == Spot(at.line, begin)
            span = self._cells(at, begin, end, styles.current if here else styles.match)
            if span is not None:
                yield span

    def _selected_in(self, at: RowAt, styles: Styles, *, vi: bool) -> Iterator[Span]:
        found = self.selection()
        if found is None or self.anchor is None or not found[0].line <= at.line <= found[1].line:
            return
        begin, end = found
        columns = self.columns
        if self.rectangle:
            rows = [self.document.row_of(spot, columns) for spot in found]
            ends = sorted(self.document.column_of(s, columns) for s in (self.anchor, self.cursor))
            if rows[0] <= at <= rows[1]:
                yield Span(ends[0], ends[1] + vi, styles.selection)
            return
        first = begin.offset if at.line == begin.line else 0
        last = end.offset + (vi and not self.whole_lines) if at.line == end.line else 1 << 40
        span = self._cells(at, first, last, styles.selection)
        if span is not None:
            yield span

    def _cells(self, at: RowAt, begin: int, end: int, sgr: bytes) -> Span | None:
        """The characters `begin` to `end` of a line as cells of one of its rows. None if they are in other rows."""
        starts, text = self.document.starts(at.line, self.columns), self.document.text(at.line)
        first = starts[at.row]
        last = starts[at.row + 1] if at.row + 1 < len(starts) else len(text)
        begin, end = max(begin, first), min(end, last)
        if begin >= end:
            return None
        left = text_width(text[first:begin])
        return Span(left, left + text_width(text[begin:end]), sgr)

    def facts(self) -> ModeFacts:
        """The values for formats."""
        return ModeFacts(
            True,
            self.back,
            self.document.column_of(self.cursor, self.columns),
            self.row,
            self._row_text(self._cursor_row()),
            self.search_string,
            self.pattern is not None,
            self.anchor is not None,
            self.name,
        )
