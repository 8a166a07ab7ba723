"""Long lists are made in pieces: so many lines that all of them take longer than others may wait."""

import asyncio
from collections.abc import Iterator
from time import monotonic_ns
from typing import Final

from fuguemux.observe.clock import NS_PER_MS
from fuguemux.observe.failpoints import reach
from fuguemux.observe.holding import TookTooLong, endable
from fuguemux.server.ports import EffectFailed, EffectResult

PIECE_NS: Final = 5 * NS_PER_MS
"""So long lines are made before others have their turn; one line may take longer."""
LIST_BYTES_MAX: Final = 64 << 20


async def printed(lines: Iterator[str | None]) -> EffectResult:
    """All lines, for the requester's stdout. Raises Refused as the lines do, and EffectFailed for more than LIST_BYTES_MAX."""
    parts: list[bytes] = []
    left = LIST_BYTES_MAX
    while (piece := _piece(lines)) is not None:
        left -= len(piece)
        if left < 0:
            raise EffectFailed(f"the list is longer than {LIST_BYTES_MAX >> 20} MiB")
        parts.append(piece)
        await asyncio.sleep(0)
    return EffectResult(b"".join(parts))


def _piece(lines: Iterator[str | None]) -> bytes | None:
    """The next lines; None: there are no more."""
    end = monotonic_ns() + PIECE_NS
    made: list[str] = []
    try:
        with endable("command", "a list"):
            reach("list.piece")
            for line in lines:
                if line is not None:
                    made.append(line)
                if monotonic_ns() > end:
                    break
            else:
                if not made:
                    return None
    except TookTooLong as ended:
        raise EffectFailed(f"list: {ended}") from ended
    return "".join(f"{line}\n" for line in made).encode("utf-8", "surrogateescape")
