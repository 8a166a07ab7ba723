"""The last screen of a program that ended with the machine: how it is taken from the emulator and laid out in rows
again.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from fuguemux.model.events import ProgramEnded
from fuguemux.persistence.scrollback.last_screens import SCREEN_BYTES_MAX, LastScreen
from fuguemux.persistence.scrollback.scrollback import PaneScrollback
from fuguemux.terminal.emulator import Emulator
from fuguemux.terminal.ghostty.rewrap import plain, rewrap

CONTEXT_LINES_MAX: Final = 100
"""Lines above the screen that are kept with it. A program on the alternate screen has none."""
CONTEXT_BYTES_MAX: Final = SCREEN_BYTES_MAX // 4


def taken(emulator: Emulator, scrollback: PaneScrollback, ended: ProgramEnded) -> LastScreen:
    """Return what the pane shows now: the alternate screen if it is shown, otherwise the primary screen with some
    lines above it.

    All lines that left the screen must be in `scrollback`.
    """
    alternate, cursor = emulator.modes.alternate_screen, emulator.cursor
    context = () if alternate else _context(scrollback)
    lines = emulator.screen_ansi(join=True)
    while lines and not lines[-1]:
        lines.pop()
    return fitted(
        LastScreen(
            ended.pane,
            ended.recovery_ms,
            ended.ended_ms,
            ended.generation,
            ended.program,
            ended.place,
            emulator.title,
            *emulator.size,
            cursor.column,
            cursor.row,
            cursor.visible,
            alternate,
            tuple(lines),
            context,
            bool(context) and emulator.continues_history,
        )
    )


def _context(scrollback: PaneScrollback) -> tuple[bytes, ...]:
    stop = scrollback.next_line
    start = max(stop - CONTEXT_LINES_MAX, stop - len(scrollback))
    lines: list[bytes] = []
    for line in scrollback.read(start, stop):
        if line.continued and lines:
            lines[-1] += line.data
        else:
            lines.append(line.data)
    size = 0
    for kept, line_data in enumerate(reversed(lines)):
        size += len(line_data)
        if size > CONTEXT_BYTES_MAX:
            return tuple(lines[len(lines) - kept :])
    return tuple(lines)


def fitted(screen: LastScreen) -> LastScreen:
    """Return the screen, cut to the bytes that are kept of one: first without styles, then without its upper lines."""
    if _size(screen.lines) + _size(screen.context) <= SCREEN_BYTES_MAX:
        return screen
    lines = [plain(line) for line in screen.lines]
    while _size(lines) > SCREEN_BYTES_MAX:
        del lines[0]
    return msgspec.structs.replace(screen, lines=tuple(lines), context=(), joined=False)


def _size(lines: Sequence[bytes]) -> int:
    return sum(map(len, lines))


def rows_of(screen: LastScreen) -> list[bytes]:
    """Return the rows that were visible, down to the last one with content, each as self-contained ANSI."""
    rows = [row for cut in rewrap(screen.lines, screen.columns) for row in cut]
    return rows[: screen.rows]


def context_rows(screen: LastScreen) -> list[bytes]:
    """Return the rows just above the screen, in order."""
    return [row for cut in rewrap(screen.context, screen.columns) for row in cut]


def all_lines(screen: LastScreen) -> list[bytes]:
    """Return the lines above the screen and those of the screen, as logical lines."""
    context, lines = list(screen.context), list(screen.lines)
    if screen.joined and context and lines:
        context[-1] += lines.pop(0)
    return context + lines
