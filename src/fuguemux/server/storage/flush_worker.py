"""A thread of the log: it runs blocking jobs in order and tells the loop of each."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, NamedTuple, Protocol

from fuguemux.server.work.threads import started

RING_SIZE: Final = 256
"""So many syncs are remembered one by one."""


class FlushJob(Protocol):
    """Blocking work, to be run on a thread."""

    def run(self) -> None:
        """Do it. Raises OSError."""


class SyncTimes(NamedTuple):
    """How long the last syncs took, in milliseconds; zeros before the first."""

    syncs: int
    p50_ms: float
    p99_ms: float


class SyncRing:
    """Remembers how long the last syncs took, and how many there were."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=RING_SIZE)
        self._count = 0

    def add(self, seconds: float) -> None:
        """One more."""
        self._last.append(seconds)
        self._count += 1

    def times(self) -> SyncTimes:
        """What they took."""
        times = sorted(self._last)
        if not times:
            return SyncTimes(0, 0.0, 0.0)
        p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
        return SyncTimes(self._count, times[len(times) // 2] * 1000, p99 * 1000)


class Looked:
    """A job, and a look at where its bytes went once they are on the disk."""

    def __init__(
        self, job: FlushJob, look: Callable[[], str], changed: Callable[[], object] = lambda: None
    ) -> None:
        """`changed` is called in the thread when what the job leaves for later says that something is another way now."""
        self.job = job
        self._look = look
        self._changed = changed
        self.elsewhere = ""
        """Why nobody would find them; empty: a start does."""
        self._wrote = False
        self._told = threading.Event()

    def run(self) -> None:
        """Do it, then look. Raises OSError."""
        try:
            self.job.run()
        finally:
            self.tell(wrote=self._wrote)
            self.elsewhere = self._look()

    def tell(self, *, wrote: bool) -> None:
        """What the loop was spared is with the kernel, or (False) will not be."""
        self._wrote = wrote
        self._told.set()

    def written(self) -> bool:
        """Wait until what the loop was spared is with the kernel; False: it will not be."""
        self._told.wait()
        return self._wrote

    def afterwards(self) -> None:
        """Do what the job leaves for when everybody was told."""
        afterwards: Callable[[], bool] | None = getattr(self.job, "afterwards", None)
        if afterwards is not None and afterwards():
            self._changed()


Done = Callable[[Any, OSError | None, float], None]
_Task = tuple[asyncio.AbstractEventLoop, FlushJob, Done]


class Worker:
    """One thread, made at its first job; runs jobs in order and reports each with one wake-up."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, loop: asyncio.AbstractEventLoop, job: FlushJob, done: Done) -> None:
        """Run `job`, then call `done` in the loop. Blocks for the job where no thread is to be had."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            if not started(thread):  # for this job; the next one asks again
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
                job.afterwards()  # nobody waits for it but the next job

    def stop(self) -> None:
        """End the thread behind its last job."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None


def _timed(job: FlushJob) -> tuple[OSError | None, float]:
    """Do it; how it failed, if it did, and how long it took."""
    began = time.perf_counter()
    error: OSError | None = None
    try:
        job.run()
    except OSError as failure:
        error = failure
    return error, time.perf_counter() - began
