"""Cuts a row of styled text to a range of columns."""

from typing import Final

from fuguemux.terminal.style import RESET, TOKENS, width

_LINK: Final = "\x1b]"


def clipped(row: bytes, start: int, columns: int) -> bytes:
    """Return at most `columns` cells from column `start` on, as self-contained ANSI without links.

    A wide character that is only half inside becomes a blank.
    """
    parts: list[str] = []
    cell, stop, styled, last = 0, start + columns, False, False
    for index, token in enumerate(TOKENS.split(row.decode("utf-8", "replace"))):
        if index % 2:
            if not token.startswith(_LINK):
                parts.append(token)
                styled = True
            continue
        for character in token:
            size = width(character)
            if size == 0:
                if last:
                    parts.append(character)
                continue
            last = start <= cell and cell + size <= stop
            if last:
                parts.append(character)
            elif cell < stop and cell + size > start:
                parts.append(" ")
            cell += size
    return "".join([*parts, RESET] if styled else parts).encode()
