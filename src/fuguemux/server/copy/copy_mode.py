"""One pane in copy mode: the visible part, the cursor, the selection and the search.

The pane's lines are those of the moment when the mode began, as in tmux. All places refer to the text, so that a pane
that changes its width shows the same lines.
"""

from collections.abc import Callable, Iterator
from copy import copy
from typing import Final, NamedTuple

from fuguemux.model.live import CopyFacts
from fuguemux.persistence.scrollback.pattern import Pattern
from fuguemux.server.copy.copy_document import Document, RowAt, Spot
from fuguemux.server.copy.copy_view import CopyView
from fuguemux.server.copy.held_history import NotHeld
from fuguemux.terminal.compose import ScrolledRows
from fuguemux.terminal.emulator import ScreenSize
from fuguemux.terminal.highlight import Span, highlighted
from fuguemux.terminal.style import text_width


class Styles(NamedTuple):
    """SGR sequences for a match, the match at the cursor, the selection, and the row of the mark."""

    match: bytes
    current: bytes
    selection: bytes
    mark: bytes = b"\x1b[0;7m"


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
    more: Callable[[], CopyFacts] = CopyFacts


class CopyMode(CopyView):
    """Belongs to the loop. The pane's size is passed with every move, because it may have changed."""

    def __init__(self, document: Document, history_rows: int, size: ScreenSize) -> None:
        super().__init__(document, history_rows, size)
        self.name = COPY_MODE
        """COPY_MODE, or VIEW_MODE if the text shown is not the pane's."""
        self.last_screen_ms: int | None = None
        """In VIEW_MODE, the time of the recovery whose last screen is shown, if it is a last screen."""
        self.anchor: Spot | None = None
        self.stopped: Spot | None = None
        """The end of the selection, if the cursor does not move it any more."""
        self.swapped = False
        """Whether the cursor is at the end at which the selection began."""
        self.rectangle = False
        self.whole_lines = False
        self.mark = Spot(document.tail, 0)
        self.mark_shown = False
        self.jump: tuple[str, str] = ("", "")
        """The last jump to a character: the command, and the character."""
        self.repeat = 0
        """The typed repeat count of the next command; 0: none was typed."""
        self.incremental_from: tuple[Spot, RowAt] | None = None
        """The cursor and the first visible row before an incremental search."""
        self.pattern: Pattern | None = None
        self.search_string = ""
        self.search_forward = True
        self.matches_shown = False
        self.searched: int | None = None
        """The number of lines that the running search has looked through. None if no search is running."""
        self.search_stopped = False
        """Whether the search was told to stop."""
        self.match: tuple[Spot, int] | None = None
        """Where the last match begins, and its length in characters."""
        self.ends_at_bottom = False
        self.hides_position = False
        """Whether the position is not written over the first row."""
        self.shown: ScrolledRows | None = None
        """The rows that were drawn last."""
        self.known = ModeFacts(True)

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

    # -- the selection ------------------------------------------------------------------------

    def selection(self) -> tuple[Spot, Spot] | None:
        """The first place of the selection, and the place behind its last."""
        if self.anchor is None:
            return None
        begin, end = sorted((self.anchor, self.stopped or self.cursor))
        if self.whole_lines:
            return Spot(begin.line, 0), Spot(end.line, len(self.document.text(end.line)))
        return begin, end

    def match_at_cursor(self) -> str:
        """The match at the cursor, or just before it; empty: there is none."""
        line, offset = self.cursor
        if self.pattern is None or not self.matches_shown:
            return ""
        text = self.document.text(line)
        spans = self.pattern.spans(text.encode("utf-8", "replace"))
        for at in (offset, offset - 1):
            for begin, end in spans:
                if begin <= at < end:
                    return text[begin:end]
        return ""

    def renew(self, document: Document, history_rows: int) -> None:
        """Show newer lines of the same pane. The first visible row and the cursor stay where they are."""
        column, row = self._column_now(), self.row
        self.document = document
        self.history_rows = self._stored_rows = history_rows
        self.top = max(self.top, RowAt(document.first, 0))
        self._keep_top()
        self.put(column, row)

    def jump_to_mark(self) -> None:
        """Change places with the mark."""
        self.mark, place = self.cursor, self.mark
        self.mark_shown = True
        self.cursor = place
        self.top = self._cursor_row()
        self._keep_top()

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
        first, behind = self._cut_columns(vi=vi)
        at, last = document.row_of(begin, columns), document.row_of(Spot(*end), columns)
        while True:
            left = document.spot_at(at, first, columns)
            right = document.spot_at(at, behind, columns)
            yield document.text(at.line)[left.offset : right.offset]
            after, moved = document.rows_behind(at, 1, columns)
            if at >= last or not moved:
                return
            at = after

    def _cut_columns(self, *, vi: bool) -> tuple[int, int]:
        """The first column of a rectangle, and the one behind its last. With emacs keys a cursor at its right is outside."""
        assert self.anchor is not None, "there is a selection"
        anchor, cursor = (
            self.document.column_of(spot, self.columns)
            for spot in (self.anchor, self.stopped or self.cursor)
        )
        return (anchor, cursor + vi) if anchor < cursor else (cursor, anchor + 1)

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
        marked = self.document.row_of(self.mark, self.columns) if self.mark_shown else None
        for number, (at, _) in enumerate(shown):
            if at == marked:
                rows[number] = self._marked(at, rows[number], styles.mark)
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

    def _marked(self, at: RowAt, row: bytes, sgr: bytes) -> bytes:
        """The whole row of the mark in its style."""
        blanks = b" " * (self.columns - self._length_of(at))
        return highlighted(row + b"\x1b[0m" + blanks, [Span(0, self.columns, sgr)])

    def _matches(self, lines: set[int]) -> dict[int, list[tuple[int, int]]]:
        if self.pattern is None or not self.matches_shown:
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
            if rows[0] <= at <= rows[1]:
                yield Span(*self._cut_columns(vi=vi), styles.selection)
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
            self.matches_shown,
            self.anchor is not None,
            self.name,
            self.more_facts,
        )

    def more_facts(self) -> CopyFacts:
        """The values for formats that are more expensive."""
        try:
            begin = None if self.anchor is None else self._cell(self.anchor)
            end = None if self.anchor is None else self._cell(self.stopped or self.cursor)
            if self.swapped:
                begin, end = end, begin
            column = self.document.column_of(self.cursor, self.columns)
            return CopyFacts(
                self.rectangle,
                self.anchor is not None and self.stopped is None,
                begin,
                end,
                self.match_at_cursor(),
                self.text_at(column, self.row),
            )
        except NotHeld:
            return CopyFacts()

    def _cell(self, spot: Spot) -> tuple[int, int]:
        at = self.document.row_of(spot, self.columns)
        first = RowAt(self.document.first, 0)
        row = self.document.rows_between(first, at, self.columns, total=self._stored_rows)
        return self.document.column_of(spot, self.columns), row
