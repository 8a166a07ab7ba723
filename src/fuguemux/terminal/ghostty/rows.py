"""Reads cells out of a libghostty-vt terminal: whole selections as text or ANSI, and links.

The library's formatter handles many rows in one call. It leaves two things out, which are put back here: OSC 8 links, and
empty rows at the end.
"""

from __future__ import annotations

import threading
from typing import Any, Final, Literal

from fuguemux.terminal.ghostty import links as engine_links
from fuguemux.terminal.ghostty._abi import ffi
from fuguemux.terminal.ghostty.library import check, sized

Area = Literal["active", "screen"]
Kind = Literal["text", "ansi", "html"]
LINE_END: Final = b"\r\n"
BUFFER_BYTES: Final = 1 << 18
BLANK_BEFORE_WIDE: Final = 3


class _Buffer(threading.local):
    """The formatter's output buffer: one for all terminals of a thread. The library runs without Python's lock."""

    def __init__(self) -> None:
        self.cells = ffi.new("uint8_t[]", BUFFER_BYTES)


_buffer = _Buffer()


class Rows:
    """Reads the rows of one terminal. `active` counts from the screen's top, `screen` from the oldest row."""

    def __init__(self, lib: Any, terminal: Any) -> None:
        self._lib = lib
        self._terminal = terminal
        self._point = ffi.new("GhosttyPointTwin*")
        self._selection = sized("GhosttySelection")
        self._start = ffi.addressof(self._selection[0], "start")
        self._end = ffi.addressof(self._selection[0], "end")
        self._options = sized("GhosttyFormatterTerminalOptions")
        self._options.selection = self._selection
        self._formatter = ffi.new("GhosttyFormatter*")
        self._length = ffi.new("size_t*")
        self._ref = sized("GhosttyGridRef")
        self._row = ffi.new("GhosttyRow*")
        self._cell = ffi.new("GhosttyCell*")
        self._flag = ffi.new("bool*")
        self._int = ffi.new("uint32_t*")
        self.kinds = {
            "text": lib.GHOSTTY_FORMATTER_FORMAT_PLAIN,
            "ansi": lib.GHOSTTY_FORMATTER_FORMAT_VT,
            "html": lib.GHOSTTY_FORMATTER_FORMAT_HTML,
        }
        self._tags = {
            "active": lib.GHOSTTY_POINT_TAG_ACTIVE,
            "screen": lib.GHOSTTY_POINT_TAG_SCREEN,
        }

    # -- formatting -------------------------------------------------------------------------
    def format(
        self,
        area: Area,
        first: tuple[int, int],
        last: tuple[int, int],
        *,
        kind: Kind = "ansi",
        unwrap: bool = False,
        rectangle: bool = False,
    ) -> bytes:
        """Return the cells from `first` to `last` (column, row; both included) as ANSI without links.

        Rows end in CR LF; empty rows at the end are left out.
        """
        self.select(area, first, last, rectangle=rectangle)
        options = self._options
        options.emit = self.kinds[kind]
        options.unwrap = unwrap
        return self.run(options)

    def select(
        self, area: Area, first: tuple[int, int], last: tuple[int, int], *, rectangle: bool = False
    ) -> Any:
        """Return the selection of these cells; the next call overwrites it.

        A selection must not end at the blank before a wide character that did not fit: the formatter would add that
        character, which belongs to the next row, and it would be in the history twice.
        """
        if not rectangle and last[0] > 0 and self.width_class(area, *last) == BLANK_BEFORE_WIDE:
            last = (last[0] - 1, last[1])
        self._grid_ref(area, *first, self._start)
        self._grid_ref(area, *last, self._end)
        self._selection.rectangle = rectangle
        return self._selection

    def run(self, options: Any) -> bytes:
        """Run the library's formatter once."""
        lib = self._lib
        made = lib.ghostty_formatter_terminal_new(
            ffi.NULL, self._formatter, self._terminal, options[0]
        )
        check(made, "format the screen")
        try:
            buffer, size = _buffer.cells, BUFFER_BYTES
            result = lib.ghostty_formatter_format_buf(
                self._formatter[0], buffer, size, self._length
            )
            if result == lib.GHOSTTY_OUT_OF_SPACE:
                size = self._length[0]
                buffer = ffi.new("uint8_t[]", size)
                result = lib.ghostty_formatter_format_buf(
                    self._formatter[0], buffer, size, self._length
                )
            check(result, "format the screen")
            return bytes(ffi.buffer(buffer, self._length[0]))
        finally:
            lib.ghostty_formatter_free(self._formatter[0])

    def text_lines(self, area: Area, first: int, last: int, columns: int) -> list[bytes]:
        """Return the rows `first` to `last` as UTF-8, one entry each."""
        text = self.format(area, (0, first), (columns - 1, last), kind="text")
        found = text.split(b"\n") if text else []
        return found + [b""] * (last - first + 1 - len(found))

    def ansi_lines(
        self,
        area: Area,
        first: tuple[int, int],
        last: tuple[int, int],
        *,
        links: bool,
        unwrap: bool = False,
        rectangle: bool = False,
    ) -> list[bytes]:
        """Return the cells from `first` to `last` as ANSI with links, without empty rows at the end."""
        text = self.format(area, first, last, unwrap=unwrap, rectangle=rectangle)
        lines = text.split(LINE_END) if text else []
        if links and lines:
            html = self.format(area, first, last, kind="html", unwrap=unwrap, rectangle=rectangle)
            lines = engine_links.insert(lines, html)
        return lines

    def rectangle(
        self, left: int, top: int, right: int, bottom: int, columns: int, *, links: bool
    ) -> list[bytes]:
        """Return a rectangle of the screen (edges included), row by row.

        A wide character that an edge cuts in two becomes a blank.
        """
        found = self.ansi_lines("active", (left, top), (right, bottom), links=links, rectangle=True)
        found += [b""] * (bottom - top + 1 - len(found))
        if left == 0 and right >= columns - 1:
            return found
        for index, row in enumerate(range(top, bottom + 1)):
            first = left + (left > 0 and self.width_class("active", left, row) == 2)
            last = right - (right < columns - 1 and self.width_class("active", right, row) == 1)
            if (first, last) != (left, right) and found[index]:
                part: list[bytes] = []
                if first <= last:
                    part = self.ansi_lines(
                        "active", (first, row), (last, row), links=links, rectangle=True
                    )
                found[index] = b" " * (first - left) + b"".join(part)
        return found

    # -- flags of rows -----------------------------------------------------------------------
    def wraps(self, area: Area, row: int) -> bool:
        """Whether the row continues in the next one."""
        return self._row_flag(area, row, self._lib.GHOSTTY_ROW_DATA_WRAP)

    def continues(self, area: Area, row: int) -> bool:
        """Whether the row continues the one above."""
        return self._row_flag(area, row, self._lib.GHOSTTY_ROW_DATA_WRAP_CONTINUATION)

    def _row_flag(self, area: Area, row: int, flag: int) -> bool:
        lib = self._lib
        self._grid_ref(area, 0, row, self._ref)
        check(lib.ghostty_grid_ref_row(self._ref, self._row), "read a row")
        check(lib.ghostty_row_get(self._row[0], flag, self._flag), "read a row")
        return bool(self._flag[0])

    # -- cells ---------------------------------------------------------------------------------
    def width_class(self, area: Area, column: int, row: int) -> int:
        """0 narrow, 1 wide, 2 second half of a wide character, 3 blank before a wide character that did not fit."""
        lib = self._lib
        self._grid_ref(area, column, row, self._ref)
        check(lib.ghostty_grid_ref_cell(self._ref, self._cell), "read a cell")
        check(
            lib.ghostty_cell_get(self._cell[0], lib.GHOSTTY_CELL_DATA_WIDE, self._int),
            "read a cell",
        )
        return int(self._int[0])

    def blanks_at_end(self, area: Area, row: int, columns: int) -> int:
        """Return how many cells at the row's end were never written, or were erased in the default style."""
        lib = self._lib
        count = 0
        for column in range(columns - 1, -1, -1):
            if self.width_class(area, column, row) or not self._is_blank(lib):
                break
            count += 1
        return count

    def _is_blank(self, lib: Any) -> bool:
        """Whether the cell that was read last has neither text nor background."""
        lib.ghostty_cell_get(self._cell[0], lib.GHOSTTY_CELL_DATA_CONTENT_TAG, self._int)
        if self._int[0] >= lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE:
            return False
        lib.ghostty_cell_get(self._cell[0], lib.GHOSTTY_CELL_DATA_HAS_TEXT, self._flag)
        if self._flag[0]:
            return False
        lib.ghostty_cell_get(self._cell[0], lib.GHOSTTY_CELL_DATA_HAS_STYLING, self._flag)
        return not self._flag[0]

    def _grid_ref(self, area: Area, column: int, row: int, out: Any) -> None:
        point = self._point
        point.tag = self._tags[area]
        point.value.x, point.value.y = column, row
        check(self._lib.ghostty_terminal_grid_ref(self._terminal, point[0], out), "find a cell")
