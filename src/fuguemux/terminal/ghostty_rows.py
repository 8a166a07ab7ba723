"""Read cells out of a libghostty-vt terminal: whole selections as text or ANSI, and links.

The library's formatter does the work in one call for many rows. It leaves two things out, which are
put back here: OSC 8 links (rows that carry a link have a flag; those are formatted run by run), and
trailing empty rows.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from fuguemux.terminal._ghostty_abi import ffi
from fuguemux.terminal.ghostty_library import check, sized

Area = Literal["active", "screen"]
LINE_END: Final = b"\r\n"
BUFFER_BYTES: Final = 1 << 18
URL_BYTES_MAX: Final = 1 << 16
_buffer = ffi.new("uint8_t[]", BUFFER_BYTES)  # shared: formatting is done by one thread


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
        self.ansi_format = lib.GHOSTTY_FORMATTER_FORMAT_VT
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
        ansi: bool = True,
        unwrap: bool = False,
        rectangle: bool = False,
    ) -> bytes:
        """Return the cells from `first` to `last` (column, row; both included) without links.

        Rows end in CR LF; empty rows at the end are left out.
        """
        lib = self._lib
        self.select(area, first, last, rectangle=rectangle)
        options = self._options
        options.emit = self.ansi_format if ansi else lib.GHOSTTY_FORMATTER_FORMAT_PLAIN
        options.unwrap = unwrap
        return self.run(options)

    def select(
        self, area: Area, first: tuple[int, int], last: tuple[int, int], *, rectangle: bool = False
    ) -> Any:
        """Return the selection of these cells; it is overwritten by the next call."""
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
            buffer, size = _buffer, BUFFER_BYTES
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

    def lines(self, area: Area, first: int, last: int, columns: int, *, ansi: bool) -> list[bytes]:
        """Return the rows `first` to `last`, one entry each, without links."""
        end = LINE_END if ansi else b"\n"
        text = self.format(area, (0, first), (columns - 1, last), ansi=ansi)
        found = text.split(end) if text else []
        found += [b""] * (last - first + 1 - len(found))
        return found

    def rectangle(
        self, left: int, top: int, right: int, bottom: int, columns: int, *, links: bool
    ) -> list[bytes]:
        """Return a rectangle of the screen (edges included), row by row, with links.

        A wide character that an edge cuts in two becomes a blank.
        """
        text = self.format("active", (left, top), (right, bottom), rectangle=True)
        found = text.split(LINE_END) if text else []
        found += [b""] * (bottom - top + 1 - len(found))
        cut = left > 0 or right < columns - 1
        for index, row in enumerate(range(top, bottom + 1)):
            first, last = left, right
            if cut and found[index]:
                if left and self.width_class("active", left, row) == 2:
                    first += 1
                if right < columns - 1 and self.width_class("active", right, row) == 1:
                    last -= 1
            linked = links and self.has_link("active", row)
            if linked or (first, last) != (left, right):
                found[index] = b" " * (first - left) + self._part(row, first, last, linked)
        return found

    def _part(self, row: int, first: int, last: int, linked: bool) -> bytes:
        if first > last:
            return b""
        if linked:
            return self.linked_row("active", row, first, last)
        return self.format("active", (first, row), (last, row), rectangle=True)

    # -- flags of rows -----------------------------------------------------------------------
    def wraps(self, area: Area, row: int) -> bool:
        """Whether the row goes on in the next one."""
        return self._row_flag(area, row, self._lib.GHOSTTY_ROW_DATA_WRAP)

    def continues(self, area: Area, row: int) -> bool:
        """Whether the row goes on from the one above."""
        return self._row_flag(area, row, self._lib.GHOSTTY_ROW_DATA_WRAP_CONTINUATION)

    def has_link(self, area: Area, row: int) -> bool:
        return self._row_flag(area, row, self._lib.GHOSTTY_ROW_DATA_HYPERLINK)

    def _row_flag(self, area: Area, row: int, flag: int) -> bool:
        lib = self._lib
        self._grid_ref(area, 0, row, self._ref)
        check(lib.ghostty_grid_ref_row(self._ref, self._row), "read a row")
        check(lib.ghostty_row_get(self._row[0], flag, self._flag), "read a row")
        return bool(self._flag[0])

    # -- cells ---------------------------------------------------------------------------------
    def width_class(self, area: Area, column: int, row: int) -> int:
        """0 narrow, 1 wide, 2 second half of a wide one, 3 blank before a wide one that did not fit."""
        lib = self._lib
        self._grid_ref(area, column, row, self._ref)
        check(lib.ghostty_grid_ref_cell(self._ref, self._cell), "read a cell")
        check(
            lib.ghostty_cell_get(self._cell[0], lib.GHOSTTY_CELL_DATA_WIDE, self._int),
            "read a cell",
        )
        return int(self._int[0])

    def blanks_at_end(self, area: Area, row: int, columns: int) -> int:
        """Return how many cells at the row's end were never written (or erased in the default style)."""
        lib = self._lib
        count = 0
        for column in range(columns - 1, -1, -1):
            if self.width_class(area, column, row) or not self._is_blank(lib):
                break
            count += 1
        return count

    def _is_blank(self, lib: Any) -> bool:
        """Whether the cell read last has neither text nor background."""
        lib.ghostty_cell_get(self._cell[0], lib.GHOSTTY_CELL_DATA_CONTENT_TAG, self._int)
        if self._int[0] >= lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE:
            return False
        lib.ghostty_cell_get(self._cell[0], lib.GHOSTTY_CELL_DATA_HAS_TEXT, self._flag)
        if self._flag[0]:
            return False
        lib.ghostty_cell_get(self._cell[0], lib.GHOSTTY_CELL_DATA_HAS_STYLING, self._flag)
        return not self._flag[0]

    def linked_row(self, area: Area, row: int, first: int, last: int) -> bytes:
        """Return columns `first` to `last` of one row as ANSI with its OSC 8 links."""
        links, blanks = self._links_of(area, row, first, last)
        parts = []
        start = first
        for column in range(first + 1, last + 2):
            if column <= last and links[column - first] == links[start - first]:
                continue
            run = self.format(area, (start, row), (column - 1, row), rectangle=True)
            if column <= last:
                run += b" " * min(blanks[column - 1 - first], column - start)
            link = links[start - first]
            parts.append(b"\x1b]8;;%b\x1b\\%b\x1b]8;;\x1b\\" % (link, run) if link else run)
            start = column
        return b"".join(parts)

    def _links_of(
        self, area: Area, row: int, first: int, last: int
    ) -> tuple[list[bytes], list[int]]:
        """Return for each column the URL linked there, and how many blank cells end there."""
        lib = self._lib
        links: list[bytes] = []
        blanks: list[int] = []
        self._grid_ref(area, first, row, self._ref)
        for column in range(first, last + 1):
            self._ref.x = column
            lib.ghostty_grid_ref_cell(self._ref, self._cell)
            lib.ghostty_cell_get(self._cell[0], lib.GHOSTTY_CELL_DATA_HAS_HYPERLINK, self._flag)
            if self._flag[0]:
                links.append(self._url())
                blanks.append(0)
                continue
            lib.ghostty_cell_get(self._cell[0], lib.GHOSTTY_CELL_DATA_WIDE, self._int)
            second_half = self._int[0] == lib.GHOSTTY_CELL_WIDE_SPACER_TAIL
            links.append(links[-1] if second_half and links else b"")
            blank = not self._int[0] and self._is_blank(lib)
            blanks.append((blanks[-1] if blanks else 0) + 1 if blank else 0)
        return links, blanks

    def _url(self) -> bytes:
        """Return the URL linked to the cell that `_ref` is at."""
        lib = self._lib
        result = lib.ghostty_grid_ref_hyperlink_uri(self._ref, _buffer, URL_BYTES_MAX, self._length)
        return b"" if result else bytes(ffi.buffer(_buffer, self._length[0]))

    def _grid_ref(self, area: Area, column: int, row: int, out: Any) -> None:
        point = self._point
        point.tag = self._tags[area]
        point.value.x, point.value.y = column, row
        check(self._lib.ghostty_terminal_grid_ref(self._terminal, point[0], out), "find a cell")
