"""Long lists: every line once and in order, other work between the pieces, and a limit on one list."""

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest

from fuguemux.model.decision import Refused
from fuguemux.server.ports import EffectFailed
from fuguemux.server.requests import long_lists


async def test_others_have_their_turn_after_every_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """By this clock every line takes as long as a whole piece may. Of some pieces the filter leaves nothing."""
    clock = count(0, long_lists.PIECE_NS)
    monkeypatch.setattr(long_lists, "monotonic_ns", lambda: next(clock))
    turns = 0
    made: list[int] = []

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def lines() -> Iterator[str | None]:
        for number in range(60):
            made.append(turns)
            yield None if number % 6 < 4 else f"line {number}"

    task = asyncio.get_running_loop().create_task(others())
    ending = await long_lists.printed(lines())
    task.cancel()
    assert ending.stdout == b"".join(b"line %d\n" % n for n in range(60) if n % 6 >= 4)
    assert max(made.count(turn) for turn in made) <= 2


async def test_a_list_has_an_end() -> None:
    with pytest.raises(EffectFailed, match="the list is longer than 64 MiB"):
        await long_lists.printed("x" * (1 << 20) for _ in range(65))


async def test_what_a_line_refuses_is_told() -> None:
    def lines() -> Iterator[str | None]:
        yield "one"
        raise Refused("no more")

    with pytest.raises(Refused, match="no more"):
        await long_lists.printed(lines())
