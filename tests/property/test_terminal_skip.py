"""Lines beyond the history limit may stay in the engine. The lines that are kept are the same in either case."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.terminal.emulator import Emulator
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from fuguemux.terminal.ghostty.pushed import PIECE_BYTES_MAX

COLUMNS, ROWS = 20, 4


class Store:
    """The lines that a scrollback with a limit would hold."""

    def __init__(self, emulator: Emulator, limit: int) -> None:
        self.emulator = emulator
        self.limit = limit
        self.lines: list[bytes] = []
        self.handed_over = 0
        self.cleared = 0

    def take(self, *, everything: bool = False) -> None:
        batch = self.emulator.archive(everything=everything)
        if batch is None:
            return
        if batch.cleared:
            self.cleared += 1
            self.lines = []
        lines = list(batch.lines)
        self.handed_over += len(lines)
        if batch.continued and self.lines:
            self.lines[-1] += lines.pop(0)
        self.lines = (self.lines + lines)[-self.limit :]

    def kept(self) -> list[bytes]:
        self.take(everything=True)
        return self.lines


def first_difference(one: Store, other: Store) -> object:
    """Where the two differ; comparing thousands of lines with `assert` takes minutes to explain itself."""
    left, right = one.kept(), other.kept()
    if left == right:
        return None
    at = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), -1)
    return at, len(left), len(right)


def flood(chance: random.Random, lines: int, longest: int) -> bytes:
    return b"".join(
        b"%d " % number
        + bytes(chance.choices(b"abc \xc3\xa9", k=chance.randint(0, longest)))
        + b"\r\n"
        for number in range(lines)
    )


def kept_of(data: list[bytes], limit: int, *, skip: bool) -> Store:
    emulator = GhosttyEmulator(COLUMNS, ROWS)
    if skip:
        emulator.keep_lines = limit
    store = Store(emulator, limit)
    for chunk in data:
        emulator.feed(chunk)
        store.take()
    store.kept()
    emulator.close()
    return store


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 1 << 32),
    limit=st.sampled_from([1, 50, 700, 3000, 6000]),
    longest=st.sampled_from([0, 15, 60]),
)
def test_the_same_lines_are_kept(seed: int, limit: int, longest: int) -> None:
    """Looked at right after lines were skipped: that is when there are fewest."""
    data = flood(random.Random(seed), 60_000, longest)
    skipping, plain = GhosttyEmulator(COLUMNS, ROWS), GhosttyEmulator(COLUMNS, ROWS)
    skipping.keep_lines = limit
    stores = [Store(emulator, limit) for emulator in (skipping, plain)]
    skips = 0
    for at in range(0, len(data), PIECE_BYTES_MAX):
        for store in stores:
            store.emulator.feed(data[at : at + PIECE_BYTES_MAX])
            store.take()
        if stores[0].cleared > skips:
            skips = stores[0].cleared
            assert first_difference(*stores) is None
    assert first_difference(*stores) is None
    assert skips
    for store in stores:
        store.emulator.close()


@pytest.mark.parametrize("limit", [100, 2000])
def test_a_flood_is_mostly_skipped(limit: int) -> None:
    data = [flood(random.Random(seed), 10_000, 15) for seed in range(8)]
    store = kept_of(data, limit, skip=True)
    assert store.cleared
    assert store.handed_over < 40_000  # of 80,000


def test_nothing_is_skipped_without_a_limit() -> None:
    data = [flood(random.Random(1), 30_000, 15)]
    store = kept_of(data, 1 << 40, skip=False)
    assert not store.cleared
    assert store.handed_over >= 30_000 - ROWS


def test_a_lower_limit_later_loses_nothing() -> None:
    emulator = GhosttyEmulator(COLUMNS, ROWS)
    emulator.keep_lines = 5000
    store = Store(emulator, 5000)
    emulator.feed(flood(random.Random(2), 6000, 15))
    emulator.keep_lines = 300
    assert len(store.kept()) == 5000
    emulator.close()
