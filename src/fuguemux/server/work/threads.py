"""Threads for blocking work. If no thread can be started, the loop does the work itself.

A user may have only a limited number of processes, and each thread counts as one. A server that cannot start a thread is
slow for a moment; a server that raised an exception would end all sessions.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from selectors import DefaultSelector, SelectorKey
from typing import Any, TypeVar

from fuguemux.observe.diagnostics import channel
from fuguemux.observe.holding import SLOT

Result = TypeVar("Result")

diagnostics = channel("threads")


_noted: set[str] = set()


def _note(name: str) -> None:
    """Note it once for each kind, because a thread may be requested thousands of times."""
    if name not in _noted:
        _noted.add(name)
        diagnostics.warning("no_thread", name=name)


def is_refusal(error: RuntimeError) -> bool:
    """Whether the error says that the system refuses to start another thread."""
    return "start new thread" in str(error)


def started(thread: threading.Thread) -> bool:
    """Start a thread. Returns False, and notes it, if no thread can be started."""
    try:
        thread.start()
    except RuntimeError as error:
        if not is_refusal(error):
            raise
        _note(thread.name)
        return False
    return True


def can_start(number: int) -> bool:
    """Whether `number` threads can be started at once now; for libraries that end the process if they cannot.

    They are started and ended again.
    """
    release = threading.Event()
    begun: list[threading.Thread] = []
    try:
        for _ in range(number):
            thread = threading.Thread(target=release.wait, name="trial", daemon=True)
            if not started(thread):
                return False
            begun.append(thread)
        return True
    finally:
        release.set()
        for thread in begun:
            thread.join()


class Threads(ThreadPoolExecutor):
    """The loop's executor, used by `asyncio.to_thread`. If no thread can be started, the work is done before `submit`
    returns.
    """

    def submit(  # as the base class, and what the class says
        self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any
    ) -> Future[Result]:
        work = _Once(partial(fn, *args, **kwargs))
        try:
            super().submit(work.run)
        except RuntimeError as error:
            if not is_refusal(error):
                raise
            _note("work")
            work.run()  # it stays in the queue as well: the first to take it does it
        return work.future


class _Once:
    """Work that is done once, by the first thread that takes it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.future: Future[Any] = Future()
        self._work = work
        self._lock = threading.Lock()
        self._taken = False

    def run(self) -> None:
        with self._lock:
            taken, self._taken = self._taken, True
        if taken or not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self._work())
        except BaseException as error:  # noqa: BLE001  # the error belongs to the caller that awaits the result
            self.future.set_exception(error)


class WatchedSelector(DefaultSelector):
    """Notes when the loop's turns begin and end: between two looks at its file descriptors."""

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """As in the base class."""
        SLOT.turn_ends()
        found = DefaultSelector.select(self, timeout)
        SLOT.turn_begins()
        return found


class _Loop(asyncio.SelectorEventLoop):
    """The usual loop, whose end needs no additional thread."""

    def __init__(self) -> None:
        super().__init__(WatchedSelector())
        self._threads = Threads(thread_name_prefix="work")
        self.set_default_executor(self._threads)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # as the base class
        """Wait for the work that is running."""
        del timeout
        self._threads.shutdown(wait=True)


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run as `asyncio.run` does, with these threads."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
