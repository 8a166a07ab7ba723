"""What is written to one control client: blocks, notifications and output, in tmux's order and in limited memory.

While the commands that arrived together run, notifications and output are held: the client gets the blocks first, then
the notifications in order, then the output. Nothing is ever written inside a block. A client that reads slowly holds up
nothing: what waits for it is limited in size and in age.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import msgspec

from fuguemux.model.client_flags import ClientFlags
from fuguemux.model.effects import PaneFlow
from fuguemux.model.ids import PaneId
from fuguemux.server.clients.connection import Connection
from fuguemux.server.control import lines

WAITING_BYTES_MAX: Final = 16 << 20
"""Output of panes that waits for a client. If there is more, a pane is paused, or the client is ended."""
AGE_SECONDS_MAX: Final = 300.0
"""The same for output that has waited so long, without the flag `pause-after`."""
HOLD_SECONDS: Final = 0.5
"""Commands that run longer do not hold notifications and output any more."""
PIECE_BYTES: Final = 64 << 10
TOO_FAR_BEHIND: Final = "too far behind"


class PaneBytes(msgspec.Struct):
    """Output of a pane that is not sent yet."""

    pane: PaneId
    data: bytes
    at: float


class OutputBlock:
    """The output of one command. It is written as a whole when the command has ended, or begins to wait."""

    def __init__(self, stream: "ControlStream", number: int, flags: int) -> None:
        self._stream = stream
        self._number = number
        self._flags = flags
        self._time_s = stream.now_s()
        self._parts: list[bytes] = []
        self.ended = False

    def add(self, data: bytes) -> None:
        """Add output of the command."""
        self._parts.append(data if data.endswith(b"\n") else data + b"\n")

    def end(self, *, failed: bool = False) -> None:
        """Write the block. Does nothing if that was done before."""
        if self.ended:
            return
        self.ended = True
        last = "error" if failed else "end"
        begin = lines.guard("begin", self._time_s, self._number, self._flags)
        end = lines.guard(last, self._time_s, self._number, self._flags)
        self._stream.put(b"".join((begin, *self._parts, end)))

    @contextmanager
    def waits(self) -> Iterator[None]:
        """The command waits for something outside: its block ends, and notifications and output go on meanwhile."""
        self.end()
        self._stream.waiting += 1
        self._stream.settle()
        self._stream.began_to_wait()
        try:
            yield
        finally:
            self._stream.waited()


_current: ContextVar[OutputBlock | None] = ContextVar("block", default=None)
"""The block of the command that runs in this task."""


class ControlStream:
    """Belongs to the loop."""

    def __init__(
        self,
        connection: Connection,
        loop: asyncio.AbstractEventLoop,
        now_s: Callable[[], int],
        number: Callable[[], int],
    ) -> None:
        """`now_s` returns the time in seconds, and `number` the number of the next block."""
        self.connection = connection
        self.now_s = now_s
        self.flags = ClientFlags()
        self.exit_code = 0
        self.waiting = 0
        """How many of its commands wait for something outside."""
        self.began_to_wait: Callable[[], None] = lambda: None
        """Called when a command begins to wait."""
        self.dropped: Callable[[], None] = lambda: None
        """Called when the client is too far behind."""
        self._loop = loop
        self._number = number
        self._queue: deque[bytes | PaneBytes] = deque()
        self._notices: list[Callable[[], Iterable[str]]] = []
        self._held: list[PaneBytes] = []
        self._waiting_bytes = 0
        self._busy_since: float | None = None
        self._off: set[PaneId] = set()
        self._paused: set[PaneId] = set()
        self._leaving: Callable[[], None] | None = None

    # Blocks

    def block(self, *, flags: int) -> OutputBlock:
        """Begin the block of a command, in the task that runs it. The block of the command that runs it ends."""
        around = _current.get()
        if around is not None and around._stream is self:
            around.end()
        block = OutputBlock(self, self._number(), flags)
        _current.set(block)
        return block

    def say(self, data: bytes) -> None:
        """Lines of the running command: for its block, or if that has ended, after it."""
        block = self._block()
        if block is not None:
            block.add(data)
        else:
            self.put(data)

    @property
    def in_block(self) -> bool:
        """Whether the command that runs in this task can still add to its block."""
        return self._block() is not None

    def _block(self) -> OutputBlock | None:
        block = _current.get()
        return block if block is not None and not block.ended and block._stream is self else None

    def put(self, data: bytes) -> None:
        """Write whole lines as soon as what was queued before is written."""
        self._queue.append(data)
        self.pump()

    def refuse(self, text: str) -> None:
        """Write a block of its own that says why a line was not run."""
        block = self.block(flags=1)
        block.add(lines.line(text))
        block.end(failed=True)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """While the context lasts, commands run that arrived together."""
        self._busy_since = self._loop.time()
        timer = self._loop.call_later(HOLD_SECONDS, self.settle)
        try:
            yield
        finally:
            timer.cancel()
            self._busy_since = None
            self.settle()

    def waited(self) -> None:
        """A command goes on after it has waited."""
        self.waiting -= 1
        if self._busy_since is not None:
            self._busy_since = self._loop.time()

    @property
    def _holds(self) -> bool:
        since = self._busy_since
        return since is not None and not self.waiting and self._loop.time() - since < HOLD_SECONDS

    # Notifications

    def notice(self, render: Callable[[], Iterable[str]]) -> None:
        """Write the lines that `render` returns, once no command runs."""
        self._notices.append(render)
        if not self._holds:
            self._loop.call_soon(self.settle)

    def settle(self) -> None:
        """Write what was held, unless a command runs."""
        if self._holds:
            return
        notices, self._notices = self._notices, []
        for render in notices:
            for text in render():
                self._queue.append(lines.line(text))
        self._queue.extend(self._held)
        self._held.clear()
        if self._leaving is not None:
            self._queue = deque(each for each in self._queue if isinstance(each, bytes))
            self._waiting_bytes = 0
        self.pump()
        if self._leaving is not None:
            leave, self._leaving = self._leaving, None
            leave()

    def leave(self, leave: Callable[[], None]) -> None:
        """Call `leave`, which ends the connection, once no command runs. Output that waits is dropped."""
        self._leaving = leave
        self._loop.call_soon(self.settle)

    def finish(self) -> None:
        """End at once, though a command may run, because the server ends."""
        if self._leaving is not None:
            leave, self._leaving = self._leaving, None
            leave()

    # Output

    def output(self, pane: PaneId, data: bytes) -> None:
        """A pane has written this."""
        if self.flags.no_output or pane in self._off or pane in self._paused:
            return
        if self._leaving is not None:
            return
        waiting = PaneBytes(pane, data, self._loop.time())
        self._waiting_bytes += len(data)
        if self._holds:
            self._held.append(waiting)
        else:
            self._queue.append(waiting)
            self.pump()
        self.look()

    def forget_output(self) -> None:
        """Drop the output that waits: the client wants none."""
        self._drop_output(lambda _pane: True)

    def look(self) -> None:
        """Pause panes, or end the client, if output has waited too long or there is too much of it."""
        oldest = next((each for each in self._queue if isinstance(each, PaneBytes)), None)
        if oldest is None:
            return
        pause = self.flags.pause_after_s
        age = self._loop.time() - oldest.at
        if pause is not None:
            if (age >= pause and self.connection.congested) or (
                self._waiting_bytes > WAITING_BYTES_MAX
            ):
                self.pause(oldest.pane)
        elif age >= AGE_SECONDS_MAX or self._waiting_bytes > WAITING_BYTES_MAX:
            self.dropped()

    def pause(self, pane: PaneId) -> None:
        """Drop the pane's output that waits, and send no more of it until it is continued."""
        if pane in self._paused:
            return
        self._paused.add(pane)
        self._drop_output(lambda each: each == pane)
        self.say(b"%%pause %%%d\n" % pane)

    def flow(self, pane: PaneId, flow: PaneFlow) -> None:
        """Do what `refresh-client -A` says."""
        match flow:
            case "off":
                self._off.add(pane)
            case "on":
                self._off.discard(pane)
            case "pause":
                self.pause(pane)
            case "continue":
                if pane in self._paused:
                    self._paused.discard(pane)
                    self.say(b"%%continue %%%d\n" % pane)

    def removed(self, pane: PaneId) -> None:
        """The pane is gone."""
        self._off.discard(pane)
        self._paused.discard(pane)

    def _drop_output(self, of: Callable[[PaneId], bool]) -> None:
        kept = deque(each for each in self._queue if isinstance(each, bytes) or not of(each.pane))
        self._queue = kept
        self._held = [each for each in self._held if not of(each.pane)]
        self._waiting_bytes = sum(
            len(each.data) for each in (*kept, *self._held) if isinstance(each, PaneBytes)
        )

    # Sending

    def pump(self) -> None:
        """Send what the client takes now."""
        connection = self.connection
        while self._queue and not connection.congested and connection.is_open:
            pieces: list[bytes] = []
            length = 0
            while self._queue and length < PIECE_BYTES:
                pieces.append(self._bytes_of(self._queue.popleft()))
                length += len(pieces[-1])
            connection.control(b"".join(pieces))
        if not connection.is_open:
            self._queue.clear()

    def _bytes_of(self, each: bytes | PaneBytes) -> bytes:
        if isinstance(each, bytes):
            return each
        self._waiting_bytes -= len(each.data)
        if self.flags.pause_after_s is None:
            return lines.output(each.pane, each.data)
        age_ms = int((self._loop.time() - each.at) * 1000)
        return lines.extended_output(each.pane, age_ms, each.data)

    def flush(self) -> None:
        """Hand over everything that waits, because the connection ends."""
        for each in self._queue:
            self.connection.control(self._bytes_of(each))
        self._queue.clear()
