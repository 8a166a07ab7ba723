"""A row of styled text with some of its cells in another style: matches and selections."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.terminal.style import width

_TOKENS: Final = re.compile(
    r"(\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~]))"
)
RESET: Final = "\x1b[0m"


class Span(NamedTuple):
    """Cells from `begin` up to `end`, and the SGR sequence that styles them."""

    begin: int
    end: int
    sgr: bytes


def highlighted(row: bytes, spans: Sequence[Span]) -> bytes:
    """`row` with its spans in their styles; of two that overlap the later one holds."""
    if not spans:
        return row
    parts: list[str] = []
    styles: list[str] = []
    cell = 0
    now: bytes | None = None
    for index, token in enumerate(_TOKENS.split(row.decode("utf-8", "replace"))):
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
