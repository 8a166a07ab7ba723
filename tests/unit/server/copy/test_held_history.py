"""Lines that are only on disk are not read where they are drawn. Copy mode waits for them, and gets all of them or
none."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from fuguemux.persistence.scrollback.blocks import BlockLines, joined_text
from fuguemux.persistence.scrollback.scrollback_search import SearchPart
from fuguemux.server.copy import held_history
from fuguemux.server.copy.copy_document import Document, RowAt
from fuguemux.server.copy.copy_mode import CopyMode
from fuguemux.server.copy.held_history import HeldHistory, NotHeld
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.terminal.emulator import ScreenSize

LINES = 10


class Disk:
    """Parts of ten lines each; it counts what is read."""

    def __init__(self, count: int) -> None:
        self.reads: list[int] = []
        self.parts = [self._part(number) for number in range(count)]

    def _part(self, number: int) -> SearchPart:
        texts = [b"line %d" % (number * LINES + at) for at in range(LINES)]
        lines = BlockLines(joined_text(texts), LINES, frozenset())

        def read() -> BlockLines:
            self.reads.append(number)
            return lines

        def hold() -> tuple[Any, int]:
            self.reads.append(number)
            return (lambda: lines), 100

        return SearchPart(number * LINES, LINES, read, hold)


async def test_what_is_not_held_is_not_read_and_comes_from_the_newest_on() -> None:
    disk = Disk(3)
    history = HeldHistory(disk.parts)
    history.strict = True
    with pytest.raises(NotHeld):
        history.content(2)
    history.hold(2)
    assert disk.reads == [2, 1]
    assert history.content(1).size == LINES
    with pytest.raises(NotHeld):
        history.content(0)
    assert await history.hold_more()
    assert history.content(0).size == LINES
    assert not await history.hold_more()
    assert disk.reads == [2, 1, 0]


async def test_beyond_what_memory_is_for_lines_are_read_where_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held_history, "HELD_BYTES_MAX", 150)
    monkeypatch.setattr(held_history, "PARTS_AT_ONCE", 1)
    disk = Disk(3)
    history = HeldHistory(disk.parts)
    history.strict = True
    assert await history.hold_more()
    assert await history.hold_more()
    assert not await history.hold_more()
    assert history.content(0).size == LINES


def test_a_move_happens_wholly_or_not_at_all_and_reads_nothing() -> None:
    disk = Disk(5)
    mode = CopyMode(Document(disk.parts, [b"$ "] * 4, continues=False), 50, ScreenSize(40, 4))
    mode.document.held.strict = True
    before = (mode.top, mode.cursor)
    assert not mode.tried(CopyMode.top_of_history)
    assert (mode.top, mode.cursor) == before
    assert disk.reads == []
    mode.document.hold_from(0)
    assert mode.tried(CopyMode.top_of_history)
    assert mode.top == RowAt(0, 0)
    assert disk.reads == [4, 3, 2, 1, 0]


async def test_whoever_moves_waits_until_the_lines_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held_history, "PARTS_AT_ONCE", 2)
    tasks: list[Coroutine[Any, Any, None]] = []
    views = ScrollViews(tasks.append)
    disk = Disk(5)
    mode = CopyMode(Document(disk.parts, [b"$ "] * 4, continues=False), 50, ScreenSize(40, 4))
    mode.document.held.strict = True
    async with asyncio.timeout(30):
        await views.done(mode, CopyMode.top_of_history)
    assert mode.facts().cursor_line == "line 0"
    assert tasks == []
