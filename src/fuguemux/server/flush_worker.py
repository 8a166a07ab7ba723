"""A thread of the log: it runs blocking jobs in order and tells the loop of each."""

import asyncio
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol


class Job(Protocol):
    """Blocking work, to be run on a thread."""

    def run(self) -> None:
        """Do it. Raises OSError."""


class Looked:
    """A job, and a look at where its bytes went once they are on the disk."""

    def __init__(self, job: Job, look: Callable[[], str]) -> None:
        self.job = job
        self._look = look
        self.elsewhere = ""
        """Why nobody would find them; empty: a start does."""

    def run(self) -> None:
        """Do it, then look. Raises OSError."""
        try:
            self.job.run()
        finally:
            self.elsewhere = self._look()


Done = Callable[[Any, OSError | None, float], None]
_Task = tuple[asyncio.AbstractEventLoop, Job, Done]


class Worker:
    """One thread, made at its first job; runs jobs in order and reports each with one wake-up."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, loop: asyncio.AbstractEventLoop, job: Job, done: Done) -> None:
        """Run `job`, then call `done` in the loop."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._queue.put((loop, job, done))

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            loop, job, done = task
            started = time.perf_counter()
            error: OSError | None = None
            try:
                job.run()
            except OSError as failure:
                error = failure
            took = time.perf_counter() - started
            loop.call_soon_threadsafe(done, job, error, took)

    def stop(self) -> None:
        """End the thread behind its last job."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
