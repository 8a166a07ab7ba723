"""Reads floods ahead: while the loop logs and shows one slot of a pane's output, a thread reads the next one.

Half of what a flood costs is the kernel's work on the terminal, done inside `readv` in the reader's time. One thread that reads,
logs and shows in turn lets the program wait meanwhile; with a second one for the reads, which need no interpreter, both go on.

A pane is read by one of the two at a time: by the thread from `begin` until its lot is delivered, else by the loop.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.server.landing.many_reads import quickest
from fuguemux.server.landing.zone import SLOTS, Landed, LandingZone, NoBytes, Reserved
from fuguemux.server.output.read_meter import ReadMeter
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.work.threads import started

diagnostics = channel("flood")

LOTS_MAX: Final = SLOTS // 2
"""The other slots are the loop's: its own reads never wait for the thread."""


@dataclass(frozen=True, slots=True)
class ReadJob:
    """A slot that is to be filled from one pane."""

    zone: LandingZone
    terminal: PaneTerminal
    fd: int
    reserved: Reserved
    meter: ReadMeter


class FloodReader:
    """One thread, made at the first flood. Every method belongs to the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        delivered: Callable[[PaneTerminal, Landed | None, bool], None],
    ) -> None:
        """`delivered` is called on the loop for every lot: with what has landed, if anything, and whether to read on ahead."""
        self._loop = loop
        self._delivered = delivered
        self._lots: dict[PaneId, ReadJob] = {}
        self._queue: SimpleQueue[ReadJob | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[ReadJob, Landed | None]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def begin(self, zone: LandingZone, terminal: PaneTerminal) -> bool:
        """Have the next slot of a pane read, from where its output was taken. False: not now, read it on the loop.

        Until it is delivered, nobody else may read the pane's master or close it, nor change `read_offset`.
        """
        if self._closed or terminal.id in self._lots or len(self._lots) >= LOTS_MAX:
            return False
        reserved = zone.reserve(terminal.id, terminal.read_offset)
        if reserved is None:
            return False
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="fugue-flood", daemon=True)
            if not started(thread):
                zone.give_back(reserved)
                return False
            self._thread = thread
        assert terminal.master is not None
        lot = self._lots[terminal.id] = ReadJob(
            zone, terminal, terminal.master.fd, reserved, ReadMeter(terminal)
        )
        self._queue.put(lot)
        return True

    def settle(self, terminal: PaneTerminal) -> None:
        """Wait until a pane's lot is read, if there is one, and deliver it: then the thread does not touch the pane.

        Takes no longer than reading the lots that were begun before, since no read waits for output.
        """
        while terminal.id in self._lots:
            self._deliver(self._done.get(), go_on=False)

    def settle_all(self) -> None:
        """The same for all panes."""
        while self._lots:
            self._deliver(self._done.get(), go_on=False)

    def close(self) -> None:
        """Settle all panes and end the thread; from now on nothing is read ahead."""
        self._closed = True
        self.settle_all()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _next_done(self) -> None:
        """One call per lot; it finds none if `settle` was faster."""
        try:
            done = self._done.get_nowait()
        except Empty:
            return
        self._deliver(done, go_on=True)

    def _deliver(self, done: tuple[ReadJob, Landed | None], *, go_on: bool) -> None:
        lot, landed = done
        del self._lots[lot.terminal.id]
        if landed is None:
            lot.zone.give_back(lot.reserved)
        lot.terminal.dear = lot.meter.dear
        self._delivered(lot.terminal, landed, go_on)

    def _run(self) -> None:
        reads = quickest()
        while (lot := self._queue.get()) is not None:
            landed = None
            lot.meter.use(reads)
            try:
                result = lot.zone.fill(lot.reserved, lot.fd, reads=lot.meter)
                landed = None if isinstance(result, NoBytes) else result
            except OSError:
                pass  # the loop reads on, and meets it itself
            except Exception as error:  # noqa: BLE001  # whatever it is, somebody waits for the lot
                diagnostics.error("not_read", pane=lot.terminal.id, reason=repr(error))
            reach("output.read_ahead")
            self._done.put((lot, landed))
            try:
                self._loop.call_soon_threadsafe(self._next_done)
            except RuntimeError:
                return  # the loop is closed: the server failed, and what has landed is for the next one
