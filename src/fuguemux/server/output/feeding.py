"""Feeds logged output into the panes' terminals, a few milliseconds per turn of the loop, however much a pane writes.

A slot of 64 KiB is usually shown in a millisecond or two. It takes longer if it is full of expensive sequences:
clearing or scrolling a large screen, switching screens, queries. Such a slot is fed in pieces, and other work has its
turn in between. The cost of a piece is estimated beforehand from the size of the screen and the number of sequences.
Panes take turns piece by piece.

A chunk's slot of the landing zone is kept until the chunk is fed and its queries are answered, because a new server
would need it. Until then at most one more slot of the pane is read. Code that changes the pane's screen or stores it
has to call `settle` first, so that the order of the log is the order in which things happen to the screen.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from fuguemux.server.landing.zone import SLOT_BYTES, Landed
from fuguemux.server.output.screen_cost import cost_seconds
from fuguemux.server.panes.pane_terminal import PaneTerminal

TURN_SECONDS: Final = 0.002
"""How long one turn of the loop feeds. A piece that was begun is finished."""
PIECE_SECONDS: Final = 0.003
"""The cost that a piece may have, according to the estimate."""
LONG_SECONDS_MIN: Final = 1.5 * PIECE_SECONDS
CHEAPNESS_MIN: Final = 1 / 8
CHEAPNESS_MAX: Final = 8.0
"""The largest factor by which output may be cheaper than estimated. Expensive output that follows costs at most about
this much more, once; then the factor is small again.
"""
CHEAPNESS_GROWTH: Final = 1.5
LEARNT_SECONDS_MIN: Final = 0.0001
"""Pieces with a lower estimate say nothing about the estimates of larger ones."""
PIECE_BYTES_MIN: Final = 32
READ_SECONDS: Final = 0.02
"""If a pane's output is slow to show, each read is limited to about this much work, because a command may have to
settle the screen.
"""
READ_BYTES_MIN: Final = 4096
CHUNKS_MAX: Final = 4
"""The number of waiting chunks that keeps the loop busy. With this many, floods are not read: the other slots are for
all other panes.
"""


class Chunk(msgspec.Struct, eq=False):
    """Logged output of one pane that is not shown yet, or only partly."""

    terminal: PaneTerminal
    landed: Landed
    lsn: int | None
    """The LSN of its log record; None if the record was deferred."""
    data: bytes
    cost: float | None = None
    """The estimated cost of showing it, in seconds; None before the estimate."""
    fed: int = 0
    replies: bytes = b""
    """The replies to its queries, written once it is fed to the end."""
    seconds: float = 0.0


class Shower(Protocol):
    """Receives output as it is fed. Called on the loop."""

    def feed(self, chunk: Chunk, start: int, stop: int) -> None:
        """Feed a chunk's bytes from `start` up to `stop`."""
        ...

    def fed(self, chunk: Chunk) -> None:
        """Called when a chunk is fed to its end: answer its queries and release its slot."""
        ...


class Feeding:
    """The output of all panes that waits to be shown. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        shower: Shower,
        settled: Callable[[], None],
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        """`settled` is called when there is space for more floods. `worked` returns the processor time of this
        thread, in seconds.
        """
        self._loop = loop
        self._shower = shower
        self._settled = settled
        self._worked = worked
        self._waiting: dict[PaneTerminal, deque[Chunk]] = {}
        """In the order in which panes have their turns."""
        self._count = 0
        self._when_shown: dict[PaneTerminal, list[Callable[[], None]]] = {}
        self._scheduled = False
        self._held = False

    def hold(self) -> None:
        """Feed nothing until `go_on`, except what is settled and what takes no time."""
        self._held = True

    def go_on(self) -> None:
        """Feed the waiting output in the next turns."""
        self._held = False
        self._schedule()

    @property
    def room(self) -> int:
        """How many more chunks of floods are worth reading now."""
        return CHUNKS_MAX - self._count

    def behind(self, terminal: PaneTerminal) -> bool:
        """Whether so much of the pane's output is logged and not shown that no more of it should be read."""
        chunks = self._waiting.get(terminal)
        much = terminal.expensive or terminal.read_bytes_max < SLOT_BYTES
        return chunks is not None and (much or len(chunks) > 1)

    def add(self, chunk: Chunk) -> None:
        """Add a chunk. It is fed at once if it is sure to be quick and nothing of its pane waits, otherwise in its
        turn.
        """
        terminal = chunk.terminal
        size = terminal.size
        if terminal not in self._waiting:
            if chunk.cost is None:
                chunk.cost = cost_seconds(chunk.data, 0, len(chunk.data), *size)
            if chunk.cost * 4 < PIECE_SECONDS:
                self._feed(chunk, len(chunk.data))
                return
            terminal.behind = self.settle
        self._waiting.setdefault(terminal, deque()).append(chunk)
        self._count += 1

    def show(self, chunk: Chunk) -> None:
        """Add the only chunk of this turn. It is fed at once if nothing waits and it is one piece, as `add` and `run`
        would do.
        """
        if self._waiting or self._held:
            self.add(chunk)
            return
        terminal, data = chunk.terminal, chunk.data
        cost = chunk.cost = cost_seconds(data, 0, len(data), *terminal.size)
        if cost > PIECE_SECONDS * terminal.cheapness:
            self.add(chunk)
        elif cost * 4 < PIECE_SECONDS:
            self._feed(chunk, len(data))
        else:
            self._feed(chunk, len(data), cost)

    def run(self, seconds: float = TURN_SECONDS) -> None:
        """Feed for about `seconds`. The rest is fed in the loop's next turns."""
        if not self._waiting or self._held:
            return
        end = self._loop.time() + seconds
        while self._waiting and not self._held:
            terminal = next(iter(self._waiting))
            chunks = self._waiting.pop(terminal)
            self._waiting[terminal] = chunks  # move the pane to the end of the order
            self._feed(chunks[0], *self._stop(chunks[0]))
            self._next_chunk(terminal)
            if self._loop.time() >= end:
                break
        self._schedule()

    def when_shown(self, terminal: PaneTerminal, work: Callable[[], None]) -> None:
        """Call `work` when nothing of the pane waits: at once, or in one of the next turns."""
        if terminal in self._waiting:
            self._when_shown.setdefault(terminal, []).append(work)
        else:
            work()

    def settle(self, terminal: PaneTerminal) -> None:
        """Feed all waiting output of one pane, now."""
        while terminal in self._waiting:
            chunk = self._waiting[terminal][0]
            self._feed(chunk, len(chunk.data))
            self._next_chunk(terminal)

    def settle_all(self) -> None:
        """Feed all waiting output of all panes, now."""
        while self._waiting:
            self.settle(next(iter(self._waiting)))

    def settle_first(self) -> bool:
        """Settle the pane whose turn it is, because its slots are needed. Returns False if nothing waits."""
        if not self._waiting:
            return False
        self.settle(next(iter(self._waiting)))
        return True

    def _schedule(self) -> None:
        if self._waiting and not self._held and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._fed_later)

    def _fed_later(self) -> None:
        self._scheduled = False
        self.run()

    def _stop(self, chunk: Chunk) -> tuple[int, float]:
        """Return where the next piece of a chunk ends, and its estimated cost in seconds."""
        size = chunk.terminal.size
        most = PIECE_SECONDS * chunk.terminal.cheapness
        length = len(chunk.data) - chunk.fed
        cost = None if chunk.fed else chunk.cost
        if cost is None:
            cost = cost_seconds(chunk.data, chunk.fed, chunk.fed + length, *size)
        while length > PIECE_BYTES_MIN and cost > most:
            length //= 2
            cost = cost_seconds(chunk.data, chunk.fed, chunk.fed + length, *size)
        if chunk.fed + length == len(chunk.data):
            return len(chunk.data), cost
        # Cut before an escape sequence: one that is cut in two makes the emulator slower.
        stop = chunk.fed + length
        sequence = chunk.data.rfind(b"\x1b", max(chunk.fed + 1, stop - PIECE_BYTES_MIN), stop)
        return (sequence if sequence > 0 else stop), cost

    def _feed(self, chunk: Chunk, stop: int, cost: float = 0.0) -> None:
        """Feed a chunk up to `stop`. `cost` is the estimate for these bytes in seconds, 0 if there is none."""
        # Set first: showing output may lead to a call of `settle` for this pane.
        start, chunk.fed = chunk.fed, stop
        if start == stop:
            return
        terminal = chunk.terminal
        clock = self._worked if terminal.remeasure else self._loop.time
        begun = clock()
        self._shower.feed(chunk, start, stop)
        took = clock() - begun
        chunk.seconds += took
        if cost >= LEARNT_SECONDS_MIN or took > LONG_SECONDS_MIN:
            _learn(terminal, max(cost, LEARNT_SECONDS_MIN) / max(took, 1e-6), took)
        if stop == len(chunk.data):
            most = READ_SECONDS * stop / max(chunk.seconds, 1e-9)
            terminal.read_bytes_max = max(int(most), READ_BYTES_MIN)
            self._shower.fed(chunk)

    def _next_chunk(self, terminal: PaneTerminal) -> None:
        """Remove the pane's first chunk if it is fed to its end."""
        chunks = self._waiting.get(terminal)
        if chunks is None or chunks[0].fed < len(chunks[0].data):
            return
        chunks.popleft()
        self._count -= 1
        if not chunks:
            del self._waiting[terminal]
            terminal.behind = None
            for work in self._when_shown.pop(terminal, ()):
                work()
        self._settled()


def _learn(terminal: PaneTerminal, cheaper: float, took: float) -> None:
    """Adjust the pane's `cheapness`: a piece was `cheaper` times cheaper than estimated and took `took` seconds.

    If it seems expensive, another process may have had the processor meanwhile. So the next piece is small, and its
    processor time decides.
    """
    if terminal.remeasure:
        terminal.remeasure = False
        terminal.cheapness = max(min(cheaper, CHEAPNESS_MAX), CHEAPNESS_MIN)
    elif took > LONG_SECONDS_MIN or cheaper * 2 < terminal.cheapness:
        terminal.remeasure = True
        terminal.cheapness = max(min(terminal.cheapness / 4, 1.0), CHEAPNESS_MIN)
    else:
        growing = min(cheaper, terminal.cheapness * CHEAPNESS_GROWTH, CHEAPNESS_MAX)
        terminal.cheapness = max(terminal.cheapness, growing)
