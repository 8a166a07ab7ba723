"""The newest lines of a pane are unpacked in memory: how many, for how long, and that no others are."""

from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.scrollback.scrollback import PaneScrollback, ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage

PANE = PaneId(4)
LINE = b"x" * 99
BLOCK_LINES = 656
"""So many lines of 100 bytes fill a block of 64 KiB."""


class Counting(ScrollbackStore):
    """Counts how often a block had to be unpacked."""

    unpacked = 0
    broken = False

    def packed(self, block: object, pane: PaneId) -> bytes:
        self.unpacked += 1
        if self.broken:
            raise PackDamaged("no disk")
        return super().packed(block, pane)  # type: ignore[arg-type]  # a block


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    found = Counting(PackReader(RealStorage(), str(tmp_path)))
    found.hot_lines = 2 * BLOCK_LINES
    return found


def filled(store: ScrollbackStore) -> PaneScrollback:
    scrollback = store.pane(PANE)
    scrollback.append([LINE] * (10 * BLOCK_LINES))
    return scrollback


def test_the_newest_lines_are_read_without_unpacking(store: Counting) -> None:
    scrollback = filled(store)
    end = scrollback.next_line
    scrollback.read(end - 2 * BLOCK_LINES, end)
    assert store.unpacked == 0
    scrollback.read(0, 10)
    assert store.unpacked == 1


def test_they_are_read_although_the_disk_is_gone(store: Counting) -> None:
    scrollback = filled(store)
    store.broken = True
    end = scrollback.next_line
    assert [line.data for line in scrollback.read(end - 2 * BLOCK_LINES, end)] == [LINE] * (
        2 * BLOCK_LINES
    )
    assert b"damaged" in scrollback.read(0, 1)[0].data


def test_long_lines_do_not_take_more_memory_than_lines_usually_do(store: Counting) -> None:
    scrollback = store.pane(PANE)
    for _ in range(2 * BLOCK_LINES):
        scrollback.append([LINE * 100])
    end = scrollback.next_line
    held = scrollback.sizes().hot_bytes
    assert BLOCK_LINES * 1024 <= held <= 2 * BLOCK_LINES * 1024
    scrollback.read(end - 50, end)
    assert store.unpacked == 0
    scrollback.read(end - 2 * BLOCK_LINES, end)
    assert store.unpacked > 0
    assert scrollback.sizes().hot_bytes <= 2 * BLOCK_LINES * 1024


def test_older_ones_give_their_memory_back(store: Counting) -> None:
    scrollback = filled(store)
    assert 2 * BLOCK_LINES * 100 <= scrollback.sizes().hot_bytes + 3 <= 3 * BLOCK_LINES * 100
    store.hot_lines = 0
    store.cool()
    assert scrollback.sizes().hot_bytes == 0


def test_an_idle_pane_holds_none_until_it_is_read(store: Counting) -> None:
    scrollback = filled(store)
    scrollback.cool(idle=True)
    assert scrollback.sizes().hot_bytes == 0
    end = scrollback.next_line
    scrollback.read(end - BLOCK_LINES, end)
    assert scrollback.sizes().hot_bytes > 0
    before = store.unpacked
    scrollback.read(end - BLOCK_LINES, end)
    assert store.unpacked == before


def test_what_cannot_be_read_is_tried_again(store: Counting) -> None:
    scrollback = filled(store)
    scrollback.cool(idle=True)
    store.broken = True
    assert b"damaged" in scrollback.read(9 * BLOCK_LINES, 9 * BLOCK_LINES + 1)[0].data
    store.broken = False
    assert scrollback.read(9 * BLOCK_LINES, 9 * BLOCK_LINES + 1)[0].data == LINE


def test_trimmed_and_cleared_lines_are_not_held(store: Counting) -> None:
    scrollback = filled(store)
    scrollback.trim(10)
    assert scrollback.sizes().hot_bytes <= BLOCK_LINES * 100
    scrollback.clear()
    assert scrollback.sizes().hot_bytes == 0
    assert store.hot_bytes() == 0
