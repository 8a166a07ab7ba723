"""Puts lines of the history back above a primary screen that has grown, as tmux does.

The engine cannot insert rows into its own history. So the screen scrolls down over its blank rows, and the lines are
printed above it, in a scrolling region: what is too much for the region scrolls into the history again. Scrolling makes
the engine forget which rows continue in the next one. So the characters on both sides of such a border are printed again.

All settings of the program are put back afterwards. Its saved cursor is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fuguemux.terminal.emulator import Cursor
from fuguemux.terminal.ghostty import portable as portable
from fuguemux.terminal.ghostty import state as state
from fuguemux.terminal.ghostty.rows import BLANK_BEFORE_WIDE, LINE_END, Rows

NEUTRAL: Final = b'\x1b[0m\x1b]8;;\x1b\\\x1b[0"q\x1b[?6l\x1b[?69l\x1b[r\x1b[4l\x1b[20l\x1b[?7h\x1b(B\x1b)B\x1b*B\x1b+B\x0f'
"""No style, link, protection, origin mode, margins, insert mode or special characters; automatic wrap."""
TO_OUTPUT: Final = b"\x1b]133;C\x07"
TO_INPUT: Final = b"\x1b]133;B\x07"
WIDE: Final = 1
SECOND_HALF: Final = 2


class Above:
    """What is read from a screen before `count` rows are put above it."""

    def __init__(self, rows: Rows, lib: Any, terminal: Any, columns: int, height: int) -> None:
        self._rows, self._columns, self._height = rows, columns, height
        self._settings = portable.settings(rows, lib, terminal, hyperlink=True)
        self._at_prompt = bool(state.get(lib, terminal, "CURSOR_AT_PROMPT", "bool"))
        self._wrapped = {
            row: rows.width_class("active", columns - 1, row)
            for row in range(height - 1)
            if rows.wraps("active", row)
        }

    def before(self, lines: Sequence[bytes], count: int) -> bytes:
        """Return what makes room for `count` rows and fills it with the ends of `lines`."""
        marks = TO_OUTPUT if self._at_prompt else b""
        room = b"\x1b[%dT\x1b[1;%dr\x1b[H" % (count, count)
        return NEUTRAL + marks + room + LINE_END.join(lines) + b"\x1b[r"

    def borders(self, count: int, *, joined: bool) -> bytes:
        """Return what joins the rows that were one line before, and with `joined` the last new row and the first old
        one."""
        last = self._height - 1
        found = {row + count: kind for row, kind in self._wrapped.items() if row + count < last}
        if joined and count <= last:
            found[count - 1] = self._rows.width_class("active", self._columns - 1, count - 1)
        return b"".join(self._border(row, kind) for row, kind in sorted(found.items()))

    def _border(self, row: int, kind: int) -> bytes:
        rows, last = self._rows, self._columns - 1
        place, cell = b"\x1b[%d;%dH" % (row + 1, self._columns), b""
        if kind == SECOND_HALF and last:
            place = b"\x1b[%d;%dH" % (row + 1, self._columns - 1)
            cell = rows.format("active", (last - 1, row), (last, row), rectangle=True)
        elif kind != BLANK_BEFORE_WIDE:
            cell = rows.format("active", (last, row), (last, row), rectangle=True) or b" "
        wide = rows.width_class("active", 0, row + 1) == WIDE
        next_cell = rows.format("active", (0, row + 1), (int(wide), row + 1), rectangle=True)
        return place + cell + (next_cell or b" ")

    def after(self, cursor: Cursor, count: int) -> bytes:
        """Return what puts the settings and the cursor, now `count` rows further down, back."""
        moved = cursor._replace(row=cursor.row + count)
        marks = TO_INPUT if self._at_prompt else b""
        return marks + portable.restored(self._rows, moved, self._settings)
