"""Makes long lists in pieces, because making all lines at once would hold the loop for too long."""

import asyncio
from collections.abc import Iterator
from time import monotonic_ns
from typing import Final

from fuguemux.observe.clock import NS_PER_MS
from fuguemux.observe.failpoints import reach
from fuguemux.observe.holding import TookTooLong, endable
from fuguemux.server.ports import EffectFailed, EffectResult

PIECE_NS: Final = 5 * NS_PER_MS
"""Lines are made for this long before other work of the loop runs. A single line may take longer."""
LIST_BYTES_MAX: Final = 64 << 20


async def printed(lines: Iterator[str | None]) -> EffectResult:
    """Send all lines to the requester's stdout. Raises Refused as the lines do, and EffectFailed beyond LIST_BYTES_MAX."""
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
    """The next lines, or None at the end."""
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
