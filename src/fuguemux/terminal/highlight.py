"""Draws some cells of a row of styled text in another style: matches and selections."""

from collections.abc import Sequence
from typing import NamedTuple

from fuguemux.terminal.style import RESET, TOKENS, width


class Span(NamedTuple):
    """Cells from `begin` up to `end`, and the SGR sequence of their style."""

    begin: int
    end: int
    sgr: bytes


def highlighted(row: bytes, spans: Sequence[Span]) -> bytes:
    """Return `row` with its spans in their styles. Where two overlap, the later one counts."""
    if not spans:
        return row
    parts: list[str] = []
    styles: list[str] = []
    cell = 0
    now: bytes | None = None
    for index, token in enumerate(TOKENS.split(row.decode("utf-8", "replace"))):
        if index % 2:
            if token.endswith("m") and token[1] == "[":
                styles.append(token)
                if now is None:
                    parts.append(token)
            else:
                parts.append(token)
            continue
        for character in token:
            wanted = next((s.sgr for s in reversed(spans) if s.begin <= cell < s.end), None)
            if wanted != now and width(character):
                parts.append("".join([RESET, *styles]) if wanted is None else wanted.decode())
                now = wanted
            parts.append(character)
            cell += width(character)
    if now is not None:
        parts.append(RESET)
    return "".join(parts).encode()
