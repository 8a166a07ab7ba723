"""A row of styled text cut to some of its columns."""

from typing import Final

from fuguemux.terminal.style import RESET, TOKENS, width

_LINK: Final = "\x1b]"


def clipped(row: bytes, start: int, columns: int) -> bytes:
    """The cells from column `start` on, `columns` of them at most, as self-contained ANSI without links.

    A wide character of which only a half is inside becomes a blank.
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
