"""A thread of the log, which runs blocking jobs in order and reports each to the loop."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, NamedTuple, Protocol

from fuguemux.server.work.threads import started

RING_SIZE: Final = 256
"""The number of syncs whose duration is kept."""


class FlushJob(Protocol):
    """Blocking work, to be run on a thread."""

    def run(self) -> None:
        """Do the work. Raises OSError."""


class SyncTimes(NamedTuple):
    """How long the last syncs took, in milliseconds. All zeros before the first sync."""

    syncs: int
    p50_ms: float
    p99_ms: float


class SyncRing:
    """Keeps how long the last syncs took, and counts all of them."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=RING_SIZE)
        self._count = 0

    def add(self, seconds: float) -> None:
        """Add one sync."""
        self._last.append(seconds)
        self._count += 1

    def times(self) -> SyncTimes:
        """The durations of the last syncs."""
        times = sorted(self._last)
        if not times:
            return SyncTimes(0, 0.0, 0.0)
        p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
        return SyncTimes(self._count, times[len(times) // 2] * 1000, p99 * 1000)


class Looked:
    """A job, followed by a check whether a start would find the bytes that it put on the disk."""

    def __init__(
        self, job: FlushJob, look: Callable[[], str], changed: Callable[[], object] = lambda: None
    ) -> None:
        """`changed` is called in the thread when the job's later work says that something has changed."""
        self.job = job
        self._look = look
        self._changed = changed
        self.elsewhere = ""
        """Why a start would not find the bytes. Empty if it would."""
        self._wrote = False
        self._told = threading.Event()

    def run(self) -> None:
        """Run the job, then check. Raises OSError."""
        try:
            self.job.run()
        finally:
            self.tell(wrote=self._wrote)
            self.elsewhere = self._look()

    def tell(self, *, wrote: bool) -> None:
        """Note that the job's writes are with the kernel, or (False) will not be."""
        self._wrote = wrote
        self._told.set()

    def written(self) -> bool:
        """Wait until the job's writes are with the kernel. Returns False if they will not be."""
        self._told.wait()
        return self._wrote

    def afterwards(self) -> None:
        """Do the work that the job left for the time after its report."""
        afterwards: Callable[[], bool] | None = getattr(self.job, "afterwards", None)
        if afterwards is not None and afterwards():
            self._changed()


Done = Callable[[Any, OSError | None, float], None]
_Task = tuple[asyncio.AbstractEventLoop, FlushJob, Done]


class Worker:
    """One thread, started at its first job. Runs jobs in order and reports each with one wake-up of the loop."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, loop: asyncio.AbstractEventLoop, job: FlushJob, done: Done) -> None:
        """Run `job`, then call `done` in the loop. Blocks for the job if no thread can be started."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            # Run this job here; the next job tries to start the thread again.
            if not started(thread):
                error, seconds = _timed(job)
                loop.call_soon(done, job, error, seconds)
                if error is None and isinstance(job, Looked):
                    job.afterwards()
                return
            self._thread = thread
        self._queue.put((loop, job, done))

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            loop, job, done = task
            error, seconds = _timed(job)
            loop.call_soon_threadsafe(done, job, error, seconds)
            if error is None and isinstance(job, Looked):
                job.afterwards()  # only the next job waits for this

    def stop(self) -> None:
        """End the thread after its last job."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None


def _timed(job: FlushJob) -> tuple[OSError | None, float]:
    """Run the job. Returns its error, or None, and its duration in seconds."""
    began = time.perf_counter()
    error: OSError | None = None
    try:
        job.run()
    except OSError as failure:
        error = failure
    return error, time.perf_counter() - began
