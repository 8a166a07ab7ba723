"""capture-pane and everything else that reads rows of a pane: the screen from the engine, what is older from the store.

Rows are those of the pane's present width: old logical lines are wrapped anew when they are asked for.
"""

from typing import NamedTuple

from fuguemux.model.live import CaptureRequest
from fuguemux.server.pane_terminal import PaneTerminal
from fuguemux.terminal.rewrap import plain, rewrap

LINES_AT_ONCE = 512
ALL_ROWS = 1 << 60


class Row(NamedTuple):
    """One row as self-contained ANSI. `goes_on`: the logical line continues in the next row."""

    data: bytes
    goes_on: bool


def history_lines(terminal: PaneTerminal, start: int, stop: int) -> list[bytes]:
    """Logical lines with the numbers `start` to `stop`; pieces of one line are put together."""
    lines: list[bytes] = []
    for line in terminal.scrollback.read(start, stop):
        if line.continued and lines:
            lines[-1] += line.data
        else:
            lines.append(line.data)
    return lines


def newest_history_rows(
    terminal: PaneTerminal, wanted: int, columns: int, *, skipped: int = 0
) -> list[Row]:
    """The last `wanted` rows above the screen, at `columns` columns, but not the last `skipped` of them.

    Fewer if there are no more. Lines that are skipped are not read where they are as short as the rows.
    """
    terminal.take_archive(everything=True)
    scrollback = terminal.scrollback
    first = scrollback.next_line - len(scrollback)
    stop = scrollback.next_line
    unread = min(skipped, stop - scrollback.narrow_from(columns))
    stop, wanted, skipped = stop - unread, wanted - unread, skipped - unread
    rows: list[Row] = []
    at = stop
    while len(rows) < wanted and at > first:
        at = max(first, at - max(LINES_AT_ONCE, min(wanted - len(rows), 1 << 16)))
        rows = _wrapped(history_lines(terminal, at, stop), columns) + rows
        stop = at
    rows = rows[-wanted:] if wanted < len(rows) else rows
    return rows[:-skipped] if skipped else rows


def _wrapped(lines: list[bytes], columns: int) -> list[Row]:
    rows: list[Row] = []
    for cut in rewrap(lines, columns):
        rows.extend(Row(data, True) for data in cut[:-1])
        rows.append(Row(cut[-1] if cut else b"", False))
    return rows


def history_row_count(terminal: PaneTerminal) -> int:
    """How many rows are above the screen; exact for what has been measured, near for the rest."""
    columns = terminal.emulator.size.columns
    return terminal.scrollback.rows(columns) + terminal.emulator.unarchived_rows


def capture(terminal: PaneTerminal, request: CaptureRequest) -> bytes:
    """The rows that capture-pane asks for, each with a newline; see CaptureRequest for the numbering."""
    size = terminal.emulator.size
    start = _bound(request.start, 0)
    end = _bound(request.end, size.rows - 1)
    start, end = min(start, end), max(start, end)
    wanted = min(-start, ALL_ROWS) if start < 0 else 0
    skipped = max(0, -end - 1)
    history = newest_history_rows(terminal, wanted, size.columns, skipped=skipped) if wanted else []
    if request.join:
        lines = _joined(terminal, history, start, end, size.rows)
    else:
        screen = terminal.emulator.screen_ansi()[max(0, start) : end + 1] if end >= 0 else []
        lines = [row.data for row in history] + screen
    return b"".join(_formatted(line, request) + b"\n" for line in lines)


def _bound(value: int | str | None, default: int) -> int:
    if value == "first":
        return -ALL_ROWS
    if value == "last" or value is None:
        return default
    assert isinstance(value, int)
    return value


def _joined(
    terminal: PaneTerminal, history: list[Row], start: int, end: int, rows: int
) -> list[bytes]:
    lines: list[bytes] = []
    goes_on = False
    for row in history:
        if goes_on:
            lines[-1] += row.data
        else:
            lines.append(row.data)
        goes_on = row.goes_on
    if end < 0:
        return lines
    if start <= 0 and end >= rows - 1:
        screen = terminal.emulator.screen_ansi(join=True)
    else:
        screen = terminal.emulator.screen_ansi()[max(0, start) : end + 1]
    if lines and screen and start <= 0 and terminal.emulator.continues_history:
        lines[-1] += screen[0]
        screen = screen[1:]
    return lines + screen


def _formatted(line: bytes, request: CaptureRequest) -> bytes:
    if not request.escapes:
        line = plain(line)
    if request.trim and not request.join:
        line = line.rstrip(b" ")
    if request.octal:
        line = b"".join(_octal(byte) for byte in line)
    return line


def _octal(byte: int) -> bytes:
    if byte == 0x5C:
        return b"\\\\"
    return b"\\%03o" % byte if byte < 32 or byte == 127 else bytes((byte,))
