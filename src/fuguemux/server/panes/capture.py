"""Read rows of a pane, for capture-pane and others: the screen from the engine, older lines from the scrollback
store.

Rows have the pane's present width: old logical lines are wrapped again when they are read. The time to read is in
proportion to the amount that is read, however long the lines are.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from fuguemux.model.live import CaptureRequest
from fuguemux.persistence.scrollback.blocks import Line
from fuguemux.persistence.scrollback.scrollback_search import SearchPart
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.terminal.ghostty.rewrap import plain, rewrap

LINES_AT_ONCE = 512
ALL_ROWS = 1 << 60


class CapturedRow(NamedTuple):
    """One row as self-contained ANSI. `goes_on`: the logical line continues in the next row."""

    data: bytes
    goes_on: bool


class CapturedHistory(NamedTuple):
    """The history above a pane's screen. `read` returns the lines between two line numbers."""

    read: Callable[[int, int], Sequence[Line]]
    first: int
    stop: int
    narrow_from: int
    """From this line on each line takes one row."""


def history_lines(terminal: PaneTerminal, start: int, stop: int) -> list[bytes]:
    """Return the logical lines with the numbers `start` to `stop`. Pieces of one line are joined."""
    return _put_together(terminal.scrollback.read(start, stop))


def _put_together(lines: Iterable[Line]) -> list[bytes]:
    pieces: list[list[bytes]] = []
    for line in lines:
        if line.continued and pieces:
            pieces[-1].append(line.data)
        else:
            pieces.append([line.data])
    return [b"".join(line) for line in pieces]


def _history(terminal: PaneTerminal, columns: int) -> CapturedHistory:
    scrollback = terminal.scrollback
    stop = scrollback.next_line
    return CapturedHistory(
        scrollback.read, stop - len(scrollback), stop, scrollback.narrow_from(columns)
    )


def _of_parts(parts: Sequence[SearchPart], history: CapturedHistory) -> CapturedHistory:
    """Return the same history in a form that any thread can read while lines are added and removed."""

    def read(start: int, stop: int) -> list[Line]:
        found: list[Line] = []
        for part in parts:
            if part.first + part.size <= start or part.first >= stop:
                continue
            content = part.content()
            for number, line in enumerate(content.split(), part.first):
                if start <= number < stop:
                    found.append(Line(line, number - part.first in content.pieces))
        return found

    return history._replace(read=read)


def _newest(
    history: CapturedHistory, wanted: int, columns: int, *, skipped: int
) -> list[CapturedRow]:
    stop = history.stop
    unread = min(skipped, stop - history.narrow_from)
    stop, wanted, skipped = stop - unread, wanted - unread, skipped - unread
    batches: list[list[CapturedRow]] = []
    count, at = 0, stop
    while count < wanted and at > history.first:
        at = max(history.first, at - max(LINES_AT_ONCE, min(wanted - count, 1 << 14)))
        batches.append(_wrapped(_put_together(history.read(at, stop)), columns))
        count += len(batches[-1])
        stop = at
    rows = [row for batch in reversed(batches) for row in batch]
    rows = rows[-wanted:] if wanted < len(rows) else rows
    return rows[:-skipped] if skipped else rows


def _wrapped(lines: list[bytes], columns: int) -> list[CapturedRow]:
    rows: list[CapturedRow] = []
    for cut in rewrap(lines, columns):
        rows.extend(CapturedRow(data, True) for data in cut[:-1])
        rows.append(CapturedRow(cut[-1] if cut else b"", False))
    return rows


def history_row_count(terminal: PaneTerminal) -> int:
    """Return the number of rows above the screen: exact where lines were measured, estimated for the others."""
    columns = terminal.emulator.size.columns
    return terminal.scrollback.rows(columns) + terminal.emulator.unarchived_rows


def capture(terminal: PaneTerminal, request: CaptureRequest) -> bytes:
    """Return the rows that capture-pane asks for, each with a newline. CaptureRequest explains the numbering."""
    if _start(request) < 0:
        terminal.take_archive(everything=True)
    return PaneMoment(terminal, request, _history(terminal, terminal.emulator.size.columns)).text()


def moment(terminal: PaneTerminal, request: CaptureRequest) -> "PaneMoment":
    """Freeze what `capture` would read now. All of the engine's history must be in the store. Takes almost no time."""
    history = _history(terminal, terminal.emulator.size.columns)
    return PaneMoment(terminal, request, _of_parts(terminal.scrollback.parts(), history))


class PaneMoment:
    """A pane at one moment, as far as a request needs it."""

    def __init__(
        self, terminal: PaneTerminal, request: CaptureRequest, history: CapturedHistory
    ) -> None:
        emulator = terminal.emulator
        self._request = request
        self._columns, rows = emulator.size
        start, end = _start(request), _bound(request.end, rows - 1)
        start, end = min(start, end), max(start, end)
        self._history = history
        self._wanted = min(-start, ALL_ROWS) if start < 0 else 0
        self._skipped = max(0, -end - 1)
        self._continues = start <= 0 and emulator.continues_history
        self._screen: list[bytes] = []
        if end >= 0:
            whole = request.join and start <= 0 and end >= rows - 1
            screen = emulator.screen_ansi(join=whole)
            self._screen = screen if whole else screen[max(0, start) : end + 1]

    def text(self) -> bytes:
        """Return the rows, each with a newline. If it came from `moment`, any thread may call it. Takes some µs per
        row.
        """
        request, rows = self._request, list[CapturedRow]()
        if self._wanted:
            rows = _newest(self._history, self._wanted, self._columns, skipped=self._skipped)
        if request.join:
            lines = self._joined(rows)
        else:
            lines = [_formatted(row.data, request) for row in rows]
            lines += [_formatted(row, request) for row in self._screen]
        return b"".join(line + b"\n" for line in lines)

    def _joined(self, rows: list[CapturedRow]) -> list[bytes]:
        lines: list[list[bytes]] = []
        goes_on = False
        for row in rows:
            if not goes_on:
                lines.append([])
            lines[-1].append(_formatted(row.data, self._request))
            goes_on = row.goes_on
        screen = [_formatted(row, self._request) for row in self._screen]
        if lines and screen and self._continues:
            lines[-1].append(screen.pop(0))
        return [b"".join(line) for line in lines] + screen


def _start(request: CaptureRequest) -> int:
    return _bound(request.start, 0)


def _bound(value: int | str | None, default: int) -> int:
    if value == "first":
        return -ALL_ROWS
    if value == "last" or value is None:
        return default
    assert isinstance(value, int)
    return value


def _formatted(line: bytes, request: CaptureRequest) -> bytes:
    line = with_short_colours(line) if request.escapes else plain(line)
    if request.trim and not request.join:
        line = line.rstrip(b" ")
    if request.octal:
        line = b"".join(_octal(byte) for byte in line)
    return line


_BASIC: Final = re.compile(rb"\x1b\[([34])8;5;([0-9]|1[0-5])m")


def with_short_colours(line: bytes) -> bytes:
    """A row of terminal output with the sixteen colours in their short form."""
    return _BASIC.sub(_short, line)


def _short(colour: re.Match[bytes]) -> bytes:
    """One of the sixteen colours as ECMA-48 and aixterm write it (`31`, `91`), as tmux does."""
    number, background = int(colour[2]), colour[1] == b"4"
    first = (40 if background else 30) if number < 8 else (92 if background else 82)
    return b"\x1b[%dm" % (first + number)


def _octal(byte: int) -> bytes:
    if byte == 0x5C:
        return b"\\\\"
    return b"\\%03o" % byte if byte < 32 or byte == 127 else bytes((byte,))
