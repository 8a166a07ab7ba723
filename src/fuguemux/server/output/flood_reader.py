"""Reads floods ahead: while the loop logs and shows one slot of a pane's output, a thread reads the next one.

Half of the cost of a flood is the kernel's work on the terminal, done inside `readv` in the reader's time. If one
thread reads, logs and shows in turn, the program waits meanwhile. A second thread for the reads needs no interpreter
lock, so both go on.

A pane has one reader at a time: the thread from `begin` until its job is delivered, otherwise the loop.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.server.landing.many_reads import quickest
from fuguemux.server.landing.zone import SLOTS, Landed, LandingZone, NoBytes, Reserved
from fuguemux.server.output.read_meter import ReadMeter
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.work.threads import started

diagnostics = channel("flood")

JOBS_MAX: Final = SLOTS // 2
"""The other slots are the loop's, so that its own reads never wait for the thread."""


class ReadJob(msgspec.Struct, frozen=True):
    """A slot that the thread is to fill from one pane."""

    zone: LandingZone
    terminal: PaneTerminal
    fd: int
    reserved: Reserved
    meter: ReadMeter


class FloodReader:
    """One thread, started at the first flood. All methods are for the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        delivered: Callable[[PaneTerminal, Landed | None, bool], None],
    ) -> None:
        """`delivered` is called on the loop for each job, with the output that has landed, or None, and whether to
        read on ahead.
        """
        self._loop = loop
        self._delivered = delivered
        self._jobs: dict[PaneId, ReadJob] = {}
        self._queue: SimpleQueue[ReadJob | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[ReadJob, Landed | None]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def begin(self, zone: LandingZone, terminal: PaneTerminal) -> bool:
        """Start to read the pane's next slot on the thread. Returns False if that is not possible now: read on the
        loop then.

        Until the job is delivered, no other code may read the pane's master, close it, or change `read_offset`.
        """
        if self._closed or terminal.id in self._jobs or len(self._jobs) >= JOBS_MAX:
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
        job = self._jobs[terminal.id] = ReadJob(
            zone, terminal, terminal.master.fd, reserved, ReadMeter(terminal)
        )
        self._queue.put(job)
        return True

    def settle(self, terminal: PaneTerminal) -> None:
        """Wait until the pane's job is read, if there is one, and deliver it. The thread does not touch the pane
        afterwards.

        Blocks only for the jobs that were begun before, since no read waits for output.
        """
        while terminal.id in self._jobs:
            self._deliver(self._done.get(), go_on=False)

    def settle_all(self) -> None:
        """Wait for the jobs of all panes and deliver them."""
        while self._jobs:
            self._deliver(self._done.get(), go_on=False)

    def close(self) -> None:
        """Settle all panes and end the thread. Nothing is read ahead from now on."""
        self._closed = True
        self.settle_all()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _next_done(self) -> None:
        """Deliver the next job. Called once per job; finds none if `settle` was faster."""
        try:
            done = self._done.get_nowait()
        except Empty:
            return
        self._deliver(done, go_on=True)

    def _deliver(self, done: tuple[ReadJob, Landed | None], *, go_on: bool) -> None:
        job, landed = done
        del self._jobs[job.terminal.id]
        if landed is None:
            job.zone.give_back(job.reserved)
        job.terminal.expensive = job.meter.expensive
        self._delivered(job.terminal, landed, go_on)

    def _run(self) -> None:
        reads = quickest()
        while (job := self._queue.get()) is not None:
            landed = None
            job.meter.use(reads)
            try:
                result = job.zone.fill(job.reserved, job.fd, reads=job.meter)
                landed = None if isinstance(result, NoBytes) else result
            except OSError:
                pass  # the loop reads next and gets the same error
            except Exception as error:  # noqa: BLE001  # `settle` waits for the job, whatever the error
                diagnostics.error("not_read", pane=job.terminal.id, reason=repr(error))
            reach("output.read_ahead")
            self._done.put((job, landed))
            try:
                self._loop.call_soon_threadsafe(self._next_done)
            except RuntimeError:
                return  # the loop is closed: the server failed, and the next server takes what has landed
