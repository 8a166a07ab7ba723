"""Logged output on its way into the terminals: a few milliseconds per turn of the loop, whatever a pane writes.

A slot of 64 KiB is shown in a millisecond or two, unless it is full of what is dear: clearing and scrolling a large screen,
switching screens, queries. Then it is fed in pieces, and others have their turn in between. What one piece may cost is
reckoned beforehand from the screen's size and the number of sequences in it. Panes take turns piece by piece.

A chunk's slot of the landing zone is kept until the chunk is fed and its queries are answered, as a new server needs it. Until
then one more is read at most, and whoever changes its screen or stores it has to `settle` it first, so that the order of
the log is the order in which things happen to a screen.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from fuguemux.server.landing.zone import SLOT_BYTES, Landed
from fuguemux.server.output.screen_cost import cost_seconds
from fuguemux.server.panes.pane_terminal import PaneTerminal

TURN_SECONDS: Final = 0.002
"""How long one turn of the loop feeds. A piece that was begun is ended."""
PIECE_SECONDS: Final = 0.003
"""What a piece may cost, as far as that can be told beforehand."""
LONG_SECONDS_MIN: Final = 1.5 * PIECE_SECONDS
EASE_MIN: Final = 1 / 8
EASE_MAX: Final = 8.0
"""Output may cost so many times less than is reckoned. Whatever follows it costs about that once, and then the ease is gone."""
EASE_GROWTH: Final = 1.5
LEARNT_SECONDS_MIN: Final = 0.0001
"""Pieces that are reckoned to cost less say nothing about those that cost more."""
PIECE_BYTES_MIN: Final = 32
READ_SECONDS: Final = 0.02
"""A pane whose output takes long to be shown is read in pieces that take about so long: its screen may have to be settled."""
READ_BYTES_MIN: Final = 4096
CHUNKS_MAX: Final = 4
"""As many chunks may wait to be fed as keep the loop busy; then floods are not read. The other slots are for everybody else."""


@dataclass(slots=True, eq=False)
class Chunk:
    """Logged output of one pane that is not, or not wholly, shown."""

    terminal: PaneTerminal
    landed: Landed
    lsn: int | None
    """The record of the log that it is; None: it was deferred."""
    data: bytes
    cost: float | None = None
    """What showing it may cost, as far as that was reckoned, in seconds."""
    fed: int = 0
    replies: bytes = b""
    """What its queries are answered with, once it is fed to the end."""
    seconds: float = 0.0


class Shower(Protocol):
    """What becomes of output on its way. Called on the loop."""

    def feed(self, chunk: Chunk, start: int, stop: int) -> None:
        """Feed a chunk's bytes from `start` up to `stop`."""
        ...

    def fed(self, chunk: Chunk) -> None:
        """A chunk is fed to its end: answer its queries, give its slot back."""
        ...


class Feeding:
    """All panes' output that waits to be shown. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        shower: Shower,
        settled: Callable[[], None],
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        """`settled` is called when there is room for more floods. `worked`: how long this thread has, in seconds."""
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
        """Feed nothing but what somebody settles, and what takes no time, until `go_on`."""
        self._held = True

    def go_on(self) -> None:
        """Feed what has waited, in the next turns."""
        self._held = False
        self._schedule()

    @property
    def room(self) -> int:
        """How many more chunks of floods it is worth while to read."""
        return CHUNKS_MAX - self._count

    def behind(self, terminal: PaneTerminal) -> bool:
        """Whether so much output of a pane is logged and not shown that no more of it should be read."""
        chunks = self._waiting.get(terminal)
        much = terminal.dear or terminal.read_bytes_max < SLOT_BYTES
        return chunks is not None and (much or len(chunks) > 1)

    def add(self, chunk: Chunk) -> None:
        """Have a chunk fed: now if it is sure to take no time and nothing of its pane waits, else when it is its turn."""
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
        """Have the only chunk of this turn fed: now, if nothing waits and it is one piece, as `add` and `run` would."""
        if self._waiting or self._held:
            self.add(chunk)
            return
        terminal, data = chunk.terminal, chunk.data
        cost = chunk.cost = cost_seconds(data, 0, len(data), *terminal.size)
        if cost > PIECE_SECONDS * terminal.ease:
            self.add(chunk)
        elif cost * 4 < PIECE_SECONDS:
            self._feed(chunk, len(data))
        else:
            self._feed(chunk, len(data), cost)

    def run(self, seconds: float = TURN_SECONDS) -> None:
        """Feed for about so long; the rest is fed in the loop's next turns."""
        if not self._waiting or self._held:
            return
        end = self._loop.time() + seconds
        while self._waiting and not self._held:
            terminal = next(iter(self._waiting))
            chunks = self._waiting.pop(terminal)
            self._waiting[terminal] = chunks  # now the last
            self._feed(chunks[0], *self._stop(chunks[0]))
            self._next_chunk(terminal)
            if self._loop.time() >= end:
                break
        self._schedule()

    def when_shown(self, terminal: PaneTerminal, work: Callable[[], None]) -> None:
        """Do `work` when nothing of the pane waits: at once, or in one of the next turns."""
        if terminal in self._waiting:
            self._when_shown.setdefault(terminal, []).append(work)
        else:
            work()

    def settle(self, terminal: PaneTerminal) -> None:
        """Feed all that waits of one pane, now."""
        while terminal in self._waiting:
            chunk = self._waiting[terminal][0]
            self._feed(chunk, len(chunk.data))
            self._next_chunk(terminal)

    def settle_all(self) -> None:
        """Feed everything, now."""
        while self._waiting:
            self.settle(next(iter(self._waiting)))

    def settle_first(self) -> bool:
        """Feed what waits of the pane whose turn it is: somebody needs its slots. False: nothing waits."""
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
        """How far the next piece of a chunk goes, and what it is reckoned to cost."""
        size = chunk.terminal.size
        most = PIECE_SECONDS * chunk.terminal.ease
        length = len(chunk.data) - chunk.fed
        cost = None if chunk.fed else chunk.cost
        if cost is None:
            cost = cost_seconds(chunk.data, chunk.fed, chunk.fed + length, *size)
        while length > PIECE_BYTES_MIN and cost > most:
            length //= 2
            cost = cost_seconds(chunk.data, chunk.fed, chunk.fed + length, *size)
        if chunk.fed + length == len(chunk.data):
            return len(chunk.data), cost
        # Before a sequence: one that is cut in two costs the emulator a closer look.
        stop = chunk.fed + length
        sequence = chunk.data.rfind(b"\x1b", max(chunk.fed + 1, stop - PIECE_BYTES_MIN), stop)
        return (sequence if sequence > 0 else stop), cost

    def _feed(self, chunk: Chunk, stop: int, cost: float = 0.0) -> None:
        """`cost`: what these bytes are reckoned to cost; 0 if that was not asked."""
        start, chunk.fed = chunk.fed, stop  # first: what is shown may have somebody settle the pane
        if start == stop:
            return
        terminal = chunk.terminal
        clock = self._worked if terminal.doubtful else self._loop.time
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
        """Take what is fed off the list."""
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
    """A piece was so many times cheaper than it was reckoned to be.

    Seems it dear, another process may have had its turn meanwhile: the next one is small, and its processor time tells.
    """
    if terminal.doubtful:
        terminal.doubtful = False
        terminal.ease = max(min(cheaper, EASE_MAX), EASE_MIN)
    elif took > LONG_SECONDS_MIN or cheaper * 2 < terminal.ease:
        terminal.doubtful = True
        terminal.ease = max(min(terminal.ease / 4, 1.0), EASE_MIN)
    else:
        growing = min(cheaper, terminal.ease * EASE_GROWTH, EASE_MAX)
        terminal.ease = max(terminal.ease, growing)
