"""Wraps old lines at a new width: cuts archived logical lines into the rows that the engine would show.

A line of plain ASCII is cut here. Everything else goes through a scratch terminal, because the width of characters,
styles and links are the engine's business.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from fuguemux.terminal.ghostty import clusters as clusters
from fuguemux.terminal.ghostty._abi import ffi
from fuguemux.terminal.ghostty.library import check, load
from fuguemux.terminal.ghostty.repeat import ESCAPE
from fuguemux.terminal.ghostty.rows import LINE_END, Rows
from fuguemux.terminal.ghostty.state import limit_history

# What `Archived.lines` contain besides text: SGR and links.
ESCAPES: Final = re.compile(rb"\x1b(?:\[[0-9;:]*m|\]8;[^\x1b\x07]*(?:\x1b\\|\x07))")
LINK: Final = b"\x1b]8;"
SCRATCH_BYTES_MAX: Final = 1 << 30


def plain(line: bytes) -> bytes:
    """Return a line's text, UTF-8, without styles and links."""
    return ESCAPES.sub(b"", line) if ESCAPE in line else line


def row_count(line: bytes, columns: int) -> int:
    """Estimate how many rows a line takes: exact for ASCII, near for the rest, and fast."""
    text = plain(line)
    if text.isascii():
        return max(1, -(-len(text) // columns))
    width = 0
    for character in text.decode("utf-8", "replace"):
        if unicodedata.combining(character) or unicodedata.category(character) in {
            "Mn",
            "Me",
            "Cf",
        }:
            continue
        width += 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
    return max(1, -(-width // columns))


def rewrap(lines: Sequence[bytes], columns: int) -> list[list[bytes]]:
    """Return the rows of each line at this width as self-contained ANSI, as the engine wraps them.

    The caller limits the amount: 1,000 lines take some milliseconds.
    """
    rows: list[list[bytes]] = []
    hard: list[int] = []
    for line in lines:
        if ESCAPE not in line and line.isascii():
            cut = [line[at : at + columns] for at in range(0, len(line), columns)]
            rows.append(cut or [b""])
        else:
            hard.append(len(rows))
            rows.append([])
    if hard:
        wrapped = _through_engine([lines[index] for index in hard], columns)
        for index, cut in zip(hard, wrapped, strict=True):
            rows[index] = cut
    return rows


def _through_engine(lines: Sequence[bytes], columns: int) -> list[list[bytes]]:
    lib = load().lib
    out = ffi.new("GhosttyTerminal*")
    check(lib.ghostty_terminal_new(ffi.NULL, out, columns, 1), "make a terminal")
    terminal = out[0]
    try:
        no_limit = lib.GHOSTTY_TERMINAL_OPT_SCROLLBACK_MAX_LINES
        check(lib.ghostty_terminal_set(terminal, no_limit, ffi.NULL), "lift its line limit")
        limit_history(lib, terminal, SCRATCH_BYTES_MAX)
        for line in lines:
            data = (clusters.clustered(line) if clusters.wanted(line) else line) + LINE_END
            lib.ghostty_terminal_vt_write(terminal, data, len(data))
        count = ffi.new("size_t*")
        option = lib.GHOSTTY_TERMINAL_DATA_SCROLLBACK_ROWS
        check(lib.ghostty_terminal_get(terminal, option, count), "count its rows")
        return _rows_of_lines(Rows(lib, terminal), count[0], columns, LINK in b"".join(lines))
    finally:
        lib.ghostty_terminal_free(terminal)


def _rows_of_lines(rows: Rows, count: int, columns: int, links: bool) -> list[list[bytes]]:
    found = rows.ansi_lines("screen", (0, 0), (columns - 1, count - 1), links=links)
    found += [b""] * (count - len(found))
    result: list[list[bytes]] = []
    goes_on = False
    for number, text in enumerate(found):
        if goes_on:
            result[-1].append(text)
        else:
            result.append([text])
        goes_on = rows.wraps("screen", number)
    return result
