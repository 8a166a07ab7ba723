"""Output that is expensive to show is shown in pieces, and other panes have their turn in between."""

import asyncio
from collections.abc import Callable

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.server.landing.zone import Landed
from fuguemux.server.output.feeding import (
    CHUNKS_MAX,
    PIECE_BYTES_MIN,
    PIECE_SECONDS,
    Chunk,
    Feeding,
)
from fuguemux.server.output.screen_cost import cost_seconds
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.terminal.emulator import ScreenSize

PLAIN = b"x" * 1000
EXPENSIVE = b"\x1b#8" * 4000


class Terminal(PaneTerminal):
    """Of a size, and nothing more."""

    def __init__(self, number: int, columns: int = 200, rows: int = 50) -> None:
        self.id = PaneId(number)
        self.behind: Callable[[PaneTerminal], None] | None = None
        self.cheapness = 1.0
        self.remeasure = False
        self.read_bytes_max = 1 << 16
        self.expensive = False
        self._fixed = ScreenSize(columns, rows)

    @property
    def size(self) -> ScreenSize:
        return self._fixed


class Loop:
    """A clock that runs while bytes are shown, and turns that are taken when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.soon: list[Callable[[], None]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, work: Callable[[], None]) -> None:
        self.soon.append(work)

    def turn(self) -> float:
        """One turn; how long it took."""
        begun, self.soon, soon = self.now, [], self.soon
        for work in soon:
            work()
        return self.now - begun


class Here:
    def __init__(self, seconds_per_byte: float = 1e-6) -> None:
        self.loop = Loop()
        self.seconds_per_byte = seconds_per_byte
        self.shown: list[tuple[int, bytes]] = []
        self.done: list[int] = []
        self.room = 0
        self.feeding = Feeding(self.loop, self, self._settled, self.loop.time)  # type: ignore[arg-type]  # what it needs of a loop

    def _settled(self) -> None:
        self.room += 1

    def feed(self, chunk: Chunk, start: int, stop: int) -> None:
        self.shown.append((chunk.terminal.id, chunk.data[start:stop]))
        self.loop.now += (stop - start) * self.seconds_per_byte

    def fed(self, chunk: Chunk) -> None:
        self.done.append(chunk.terminal.id)

    def add(self, terminal: Terminal, data: bytes) -> None:
        landed = Landed(0, terminal.id, 0, memoryview(data))
        self.feeding.add(Chunk(terminal, landed, 1, data))

    def of(self, terminal: Terminal) -> bytes:
        return b"".join(data for number, data in self.shown if number == terminal.id)


def test_what_is_cheap_is_shown_at_once() -> None:
    here, terminal = Here(), Terminal(1)
    here.add(terminal, PLAIN)
    assert here.of(terminal) == PLAIN
    assert here.done == [1]
    assert terminal.behind is None


def test_expensive_output_is_shown_in_pieces_that_take_turns() -> None:
    here, one, other = Here(), Terminal(1), Terminal(2)
    here.add(one, EXPENSIVE)
    here.add(other, EXPENSIVE)
    here.feeding.run()
    turns = 0
    while here.loop.soon:
        assert here.loop.turn() < 5 * PIECE_SECONDS
        turns += 1
    assert turns > 2
    assert [number for number, _ in here.shown[:4]] == [1, 2, 1, 2]
    assert here.of(one) == here.of(other) == EXPENSIVE
    assert here.done == [1, 2]
    assert here.room == 2


def test_output_of_others_does_not_wait_behind_it() -> None:
    here, one, quick = Here(), Terminal(1), Terminal(2)
    here.add(one, EXPENSIVE)
    here.add(quick, PLAIN)
    assert here.shown == [(2, PLAIN)]


def test_output_of_one_pane_keeps_its_order() -> None:
    here, terminal = Here(), Terminal(1)
    here.add(terminal, EXPENSIVE)
    here.add(terminal, PLAIN)
    assert here.shown == []
    terminal.settle()
    assert here.of(terminal) == EXPENSIVE + PLAIN
    assert terminal.behind is None


def test_somebody_who_settles_while_a_piece_is_shown_gets_every_byte_once() -> None:
    here, terminal = Here(), Terminal(1)
    feed = here.feed

    def nested(chunk: Chunk, start: int, stop: int) -> None:
        feed(chunk, start, stop)
        terminal.settle()

    here.feed = nested  # type: ignore[method-assign]  # on the way a listener settles
    here.add(terminal, EXPENSIVE)
    here.feeding.run()
    assert here.of(terminal) == EXPENSIVE
    assert here.done == [1]


def test_work_waits_until_all_is_shown() -> None:
    here, terminal = Here(), Terminal(1)
    done: list[str] = []
    here.feeding.when_shown(terminal, lambda: done.append("at once"))
    here.add(terminal, EXPENSIVE)
    here.feeding.when_shown(terminal, lambda: done.append("later"))
    assert done == ["at once"]
    terminal.settle()
    assert done == ["at once", "later"]


def test_it_is_full_before_the_landing_zone_is() -> None:
    here = Here()
    rooms = []
    for number in range(CHUNKS_MAX):
        rooms.append(here.feeding.room)
        here.add(Terminal(number), EXPENSIVE)
    rooms.append(here.feeding.room)
    assert rooms == list(range(CHUNKS_MAX, -1, -1))
    assert here.feeding.settle_first()
    assert here.feeding.room == 1


def test_a_pane_that_is_slow_to_show_is_read_in_small_pieces() -> None:
    here, terminal = Here(seconds_per_byte=1e-5), Terminal(1)
    here.add(terminal, EXPENSIVE)
    terminal.settle()
    assert terminal.read_bytes_max < 1 << 16


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (2000, 1000)])
def test_a_piece_is_small_enough_on_every_screen(size: tuple[int, int]) -> None:
    here, terminal = Here(), Terminal(1, *size)
    here.add(terminal, EXPENSIVE)
    here.feeding.run()
    _, first = here.shown[0]
    assert (
        len(first) <= PIECE_BYTES_MIN + 1
        or cost_seconds(first, 0, len(first), *size) <= PIECE_SECONDS
    )


async def test_the_loop_goes_on_between_pieces() -> None:
    class Shower:
        def __init__(self) -> None:
            self.ended = asyncio.Event()

        def feed(self, chunk: Chunk, start: int, stop: int) -> None:
            pass

        def fed(self, chunk: Chunk) -> None:
            self.ended.set()

    shower, terminal, turns = Shower(), Terminal(1, 2000, 1000), 0
    feeding = Feeding(asyncio.get_running_loop(), shower, lambda: None)
    feeding.add(Chunk(terminal, Landed(0, PaneId(1), 0, memoryview(EXPENSIVE)), 1, EXPENSIVE))
    feeding.run(0)
    while not shower.ended.is_set():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 1


def test_nothing_is_shown_that_is_held_but_what_somebody_settles() -> None:
    here, one, quick, settled = Here(), Terminal(1), Terminal(2), Terminal(3)
    here.feeding.hold()
    here.add(one, EXPENSIVE)
    here.add(settled, EXPENSIVE)
    here.add(quick, PLAIN)
    here.feeding.run()
    settled.settle()
    assert not here.loop.soon
    assert here.done == [2, 3]
    here.feeding.go_on()
    while here.loop.soon:
        here.loop.turn()
    assert here.done == [2, 3, 1]


@pytest.mark.parametrize("times_as_expensive", [0.2, 5.0])
def test_pieces_come_to_cost_what_they_may_whatever_was_reckoned(times_as_expensive: float) -> None:
    here, terminal = Here(), Terminal(1)
    reckoned = cost_seconds(EXPENSIVE, 0, len(EXPENSIVE), *terminal.size) / len(EXPENSIVE)
    here.seconds_per_byte = reckoned * times_as_expensive
    for _ in range(4):
        here.add(terminal, EXPENSIVE)
    here.feeding.run(0)
    while here.loop.soon:
        here.loop.turn()
    pieces = [len(data) * here.seconds_per_byte for _, data in here.shown[8:-1]]
    assert max(pieces) <= 1.1 * PIECE_SECONDS
    assert sorted(pieces)[len(pieces) // 2] > PIECE_SECONDS / 4


@pytest.mark.parametrize("part", [b"x\x1b[65535b", b"\xe5\xad\x97\x1b[999b"])
def test_repeated_characters_are_reckoned_whatever_else_there_is(part: bytes) -> None:
    text = (part + b"b" * 50 + b"\x1b[1mb") * 900
    with_repeats = cost_seconds(text, 0, len(text), 100, 30)
    without = cost_seconds(text.replace(part, b"b" * len(part)), 0, len(text), 100, 30)
    assert with_repeats > without + 0.002


def test_a_pane_with_two_chunks_that_wait_is_not_read_nor_one_that_is_slow() -> None:
    here, terminal = Here(), Terminal(1)
    assert not here.feeding.behind(terminal)
    here.add(terminal, EXPENSIVE)
    assert not here.feeding.behind(terminal), "one more may be read"
    here.add(terminal, EXPENSIVE)
    assert here.feeding.behind(terminal)
    slow = Terminal(2)
    slow.read_bytes_max = 4096
    here.add(slow, EXPENSIVE)
    assert here.feeding.behind(slow)
    expensive = Terminal(3)
    expensive.expensive = True
    assert not here.feeding.behind(expensive), "nothing of it waits"
    here.add(expensive, EXPENSIVE)
    assert here.feeding.behind(expensive)


def test_pieces_grow_while_they_cost_little_and_shrink_at_once() -> None:
    here, terminal = Here(seconds_per_byte=1e-9), Terminal(1)
    here.add(terminal, EXPENSIVE)
    here.feeding.run()
    assert terminal.cheapness > 1.0
    here.seconds_per_byte = 1.0
    here.add(terminal, EXPENSIVE)
    here.feeding.run()
    assert terminal.cheapness <= 1.0
