"""The text that copy mode shows: a pane's lines as they were when the mode began, wrapped at any width, read when they
are needed.

Lines have the line numbers of the scrollback; the lines of the screen follow. Columns are cells, offsets are characters.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.persistence.scrollback.blocks import BlockLines, joined_text
from fuguemux.persistence.scrollback.last_screens import LastScreen
from fuguemux.persistence.scrollback.scrollback_search import SearchPart
from fuguemux.server.copy.held_history import HeldHistory
from fuguemux.server.panes.last_screen import all_lines
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.text_at import row_starts
from fuguemux.terminal.ghostty.rewrap import plain, rewrap
from fuguemux.terminal.style import width

PARTS_READ_MAX: Final = 4
LINES_COUNTED_MAX: Final = 300
"""Up to this many lines are wrapped to count their rows exactly. For more lines the number is estimated."""


class Spot(NamedTuple):
    """A place in the text."""

    line: int
    offset: int


class RowAt(NamedTuple):
    """A row: its line, and the row index within the wrapped line."""

    line: int
    row: int


class _Read(NamedTuple):
    lines: list[bytes]
    pieces: frozenset[int]


class Document:
    """Immutable, apart from a cache of lines that were read. Lines that were trimmed meanwhile are empty.

    With `held.strict`, raises NotHeld for lines that are not in memory.
    """

    def __init__(
        self,
        parts: Sequence[SearchPart],
        screen: Sequence[bytes],
        *,
        continues: bool,
        last: SearchPart | None = None,
        base: int = 0,
    ) -> None:
        """`last`, if given, stands for the screen. Lines before `base` are in `parts` but not part of the history any
        more.
        """
        self.first = max(parts[0].first, base) if parts else 0
        self.tail = parts[-1].first + parts[-1].size if parts else 0
        """The number of the screen's first line."""
        pieces = frozenset({0}) if continues and parts else frozenset[int]()
        content = BlockLines(joined_text(screen), len(screen), pieces)
        last = last or SearchPart(self.tail, content.size, lambda: content)
        self.parts = [*parts, last]
        self.stop = self.tail + last.size
        self.held = HeldHistory(self.parts)
        self._read: OrderedDict[int, _Read] = OrderedDict()

    def _place(self, line: int) -> tuple[_Read, int]:
        at = bisect_right(self.parts, line, key=lambda part: part.first) - 1
        read = self._read.get(at)
        if read is None:
            content = self.held.content(at)
            read = self._read[at] = _Read(content.split(), content.pieces)
            while len(self._read) > PARTS_READ_MAX:
                self._read.popitem(last=False)
        else:
            self._read.move_to_end(at)
        return read, line - self.parts[at].first

    def line(self, line: int) -> bytes:
        """One line with its styles."""
        read, index = self._place(line)
        return read.lines[index] if index < len(read.lines) else b""

    def text(self, line: int) -> str:
        """One line without its styles."""
        return plain(self.line(line)).decode("utf-8", "replace")

    def continued(self, line: int) -> bool:
        """Whether the line goes on where the one before it ended."""
        read, index = self._place(line)
        return index in read.pieces

    def starts(self, line: int, columns: int) -> list[int]:
        """The offsets at which the rows of the line begin."""
        return row_starts(self.text(line), columns)

    def row_of(self, spot: Spot, columns: int) -> RowAt:
        """The row that contains a place. A place behind the last character of a full row is still in that row."""
        starts = self.starts(spot.line, columns)
        return RowAt(spot.line, bisect_right(starts, spot.offset) - 1)

    def column_of(self, spot: Spot, columns: int) -> int:
        """The number of cells of its row before a place."""
        starts = self.starts(spot.line, columns)
        begin = starts[bisect_right(starts, spot.offset) - 1]
        return sum(map(width, self.text(spot.line)[begin : spot.offset]))

    def spot_at(self, at: RowAt, column: int, columns: int) -> Spot:
        """The place in a row that is nearest to a column, at most behind the row's last character."""
        starts = self.starts(at.line, columns)
        row = min(at.row, len(starts) - 1)
        text = self.text(at.line)
        begin = starts[row]
        end = starts[row + 1] - 1 if row + 1 < len(starts) else len(text)
        offset, cells = begin, 0
        while offset < end and cells + width(text[offset]) <= column:
            cells += width(text[offset])
            offset += 1
        return Spot(at.line, offset)

    def rows_behind(self, at: RowAt, rows: int, columns: int) -> tuple[RowAt, int]:
        """The row that is `rows` further down (up if negative), or the last one there is, and the number of rows moved."""
        line, row, left = at.line, at.row, abs(rows)
        while left and rows < 0:
            if row == 0 and (lines := self._narrow_lines(line - 1, left, columns)):
                line, left = line - lines, left - lines
                continue
            step = min(left, row)
            row, left = row - step, left - step
            if left:
                if line <= self.first:
                    break
                line, left = line - 1, left - 1
                row = len(self.starts(line, columns)) - 1
        while left and rows > 0:
            if row == 0 and (lines := self._narrow_lines(line, left, columns, down=True)):
                line, left = line + lines, left - lines
                continue
            count = len(self.starts(line, columns))
            step = min(left, count - 1 - row)
            row, left = row + step, left - step
            if left:
                if line + 1 >= self.stop:
                    break
                line, row, left = line + 1, 0, left - 1
        return RowAt(line, row), abs(rows) - left

    def _narrow_lines(self, line: int, most: int, columns: int, *, down: bool = False) -> int:
        """How many lines, from `line` upwards (or down), take one row each: a whole part or nothing. 0 means to look at
        each line.

        Upwards, `line` has to be the last of its part, downwards the first. Another part has to follow in that direction.
        """
        at = bisect_right(self.parts, line, key=lambda part: part.first) - 1
        if at < 0 or most < LINES_COUNTED_MAX:
            return 0
        part = self.parts[at]
        edge = part.first if down else part.first + part.size - 1
        ends = at == len(self.parts) - 1 if down else at == 0
        if line != edge or ends or part.size > most:
            return 0
        read, _ = self._place(line)
        narrow = len(read.lines) == part.size and max(map(len, read.lines), default=0) <= columns
        return part.size if narrow else 0

    def hold_from(self, line: int) -> None:
        """Bring all lines from one on into memory, and read nothing afterwards. Blocks; for use during a start."""
        self.held.hold_from(bisect_right(self.parts, line, key=lambda part: part.first) - 1)
        self.held.strict = True

    def again(self) -> "Document":
        """Return a document of the same lines, to be read on another thread."""
        last = self.parts[-1]
        return Document(self.parts[:-1], (), continues=False, last=last, base=self.first)

    def rows_between(self, above: RowAt, below: RowAt, columns: int, *, total: int) -> int:
        """The number of rows between two rows. Estimated from the `total` number of rows in the history if there are
        many.
        """
        lines = below.line - above.line
        if lines > LINES_COUNTED_MAX:
            history = max(self.tail - self.first, 1)
            return max(lines, lines * total // history) - above.row + below.row
        rows = sum(len(self.starts(line, columns)) for line in range(above.line, below.line))
        return rows - above.row + below.row

    def rows(self, at: RowAt, count: int, columns: int) -> list[tuple[RowAt, bytes]]:
        """Return `count` rows from one on, with styles; fewer if there are no more."""
        found: list[tuple[RowAt, bytes]] = []
        last = min(at.line + count, self.stop)
        wrapped = rewrap([self.line(line) for line in range(at.line, last)], columns)
        for line, rows in zip(range(at.line, last), wrapped, strict=True):
            for row in range(at.row if line == at.line else 0, len(self.starts(line, columns))):
                found.append((RowAt(line, row), rows[row] if row < len(rows) else b""))
                if len(found) == count:
                    return found
        return found


def frozen(terminal: PaneTerminal) -> Document:
    """Return a pane's lines as they are now."""
    terminal.take_archive(everything=True)
    screen = terminal.emulator.screen_ansi(join=True)
    continues = terminal.emulator.continues_history
    scrollback = terminal.scrollback
    return Document(scrollback.parts(), screen, continues=continues, base=scrollback.base)


def viewed(screen: LastScreen) -> tuple[Document, int, Spot]:
    """Return a last screen with the lines above it, the line at which the screen begins, and the place of its cursor."""
    lines = all_lines(screen) or [b""]
    document = Document((), lines, continues=False)
    first = RowAt(min(max(len(lines) - len(screen.lines), 0), len(lines) - 1), 0)
    at, _ = document.rows_behind(first, screen.cursor_row, screen.columns)
    return document, first.line, document.spot_at(at, screen.cursor_column, screen.columns)
