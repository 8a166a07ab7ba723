"""Writes a terminal's state as terminal output, so that any engine can take it over.

The formatter's own "everything" output is not enough: it drops links and soft wraps, writes text after it has set modes
that change the meaning of text, and contains only the active screen. Here the text comes first, then what changes the
meaning of text, then the cursor.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple, Protocol

from fuguemux.terminal.emulator import Cursor, ScreenSize
from fuguemux.terminal.ghostty import state as state
from fuguemux.terminal.ghostty.library import sized
from fuguemux.terminal.ghostty.rows import Rows

# Modes that switch to another screen, or clear it, when they are set.
MODES_LEFT_OUT: Final = re.compile(rb"\x1b\[\?(?:3|40|47|1047|1048|1049|2026)[hl]")
REGION: Final = re.compile(rb"\x1b\[(\d+);(\d+)([rs])")
ORIGIN_MODE: Final = 6


class PortableScreen(Protocol):
    """The part of an emulator that is needed here."""

    @property
    def size(self) -> ScreenSize: ...
    @property
    def cursor(self) -> Cursor: ...
    @property
    def title(self) -> str: ...
    @property
    def cwd(self) -> str: ...
    def render(self) -> list[bytes]: ...


def text(screen: PortableScreen, rows: Rows) -> bytes:
    """Return the screen's text. Soft-wrapped rows follow without positioning, so that they wrap again."""
    parts = []
    wrapped = False
    columns = screen.size.columns
    for row, line in enumerate(screen.render()):
        if not wrapped and line:
            parts.append(b"\x1b[%d;1H" % (row + 1))
        parts.append(line)
        wrapped = bool(line) and rows.wraps("active", row)
        if wrapped:
            parts.append(b" " * rows.blanks_at_end("active", row, columns))
    return b"".join(parts)


class Settings(NamedTuple):
    """Everything beside text and cursor that changes the meaning of output, as sequences; `origin`: the origin mode."""

    region: bytes
    modes: bytes
    pen: bytes
    origin: bool


def settings(rows: Rows, lib: Any, terminal: Any, **more: bool) -> Settings:
    """Return the settings of the active screen. `more` names further parts of the pen."""
    cell = rows.format("active", (0, 0), (0, 0))
    region = _extra(rows, cell, after=True, scrolling_region=True)
    modes = MODES_LEFT_OUT.sub(b"", _extra(rows, cell, after=False, modes=True))
    pen = _extra(rows, cell, after=True, style=True, protection=True, charsets=True, **more)
    return Settings(region, modes, pen, state.mode(lib, terminal, ORIGIN_MODE))


def restored(rows: Rows, cursor: Cursor, found: Settings) -> bytes:
    """Return the sequences that restore the settings and place the cursor."""
    top = left = 1
    for first, _last, kind in REGION.findall(found.region):
        if kind == b"r":
            top = int(first)
        else:
            left = int(first)
    row, column = cursor.row + 1, cursor.column + 1
    if found.origin:
        row, column = row - top + 1, column - left + 1
    place = b"\x1b[%d;%dH" % (max(row, 1), max(column, 1))
    if cursor.pending_wrap:
        place = _place_at_margin(rows, cursor, place)
    return found.region + found.modes + place + found.pen


def state_of(screen: PortableScreen, rows: Rows, lib: Any, terminal: Any) -> bytes:
    """Return all settings beside the text of the active screen, except tab stops."""
    found = settings(rows, lib, terminal, kitty_keyboard=True)
    title = b"\x1b]2;%b\x1b\\" % screen.title.encode() if screen.title else b""
    cwd = b"\x1b]7;%b\x1b\\" % screen.cwd.encode() if screen.cwd else b""
    return restored(rows, screen.cursor, found) + title + cwd


def tab_stops(rows: Rows) -> bytes:
    """Return the sequences that set the tab stops. They home the cursor."""
    cell = rows.format("active", (0, 0), (0, 0))
    return _extra(rows, cell, after=False, tabstops=True)


def _place_at_margin(rows: Rows, cursor: Cursor, place: bytes) -> bytes:
    """Write the last column's character again, so that the cursor is waiting to wrap."""
    wide = cursor.column > 0 and rows.width_class("active", cursor.column, cursor.row) == 2
    first = cursor.column - wide
    cell = rows.format("active", (first, cursor.row), (cursor.column, cursor.row), rectangle=True)
    return place + b"\b" * wide + (cell or b" ")


def _extra(rows: Rows, cell: bytes, *, after: bool, **wanted: bool) -> bytes:
    """Return what the formatter writes before or after the text for one kind of state."""
    options = sized("GhosttyFormatterTerminalOptions")
    options.emit = rows.kinds["ansi"]
    options.selection = rows.select("active", (0, 0), (0, 0))
    for name, value in wanted.items():
        part = options.extra if hasattr(options.extra, name) else options.extra.screen
        setattr(part, name, value)
    found = rows.run(options)
    return found.removeprefix(cell) if after else found.removesuffix(cell)
