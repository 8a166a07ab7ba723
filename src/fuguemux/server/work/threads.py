"""Threads for work that blocks, where there may be no thread to be had: then the loop does the work itself.

A user may have only so many processes, and a thread counts as one. A server that cannot start a thread is slow for a
moment; one that raises over it ends everybody's sessions.
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
    """Once for each kind: where there is no thread, one may be asked for thousands of times."""
    if name not in _noted:
        _noted.add(name)
        diagnostics.warning("no_thread", name=name)


def is_refusal(error: RuntimeError) -> bool:
    """Whether this says that the system gives us no other thread."""
    return "start new thread" in str(error)


def started(thread: threading.Thread) -> bool:
    """Start a thread; False, and noted, if there is none to be had."""
    try:
        thread.start()
    except RuntimeError as error:
        if not is_refusal(error):
            raise
        _note(thread.name)
        return False
    return True


def can_start(number: int) -> bool:
    """Whether the system gives us so many threads at once now; for libraries that end the process where it does not.

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
    """The loop's executor, used by `asyncio.to_thread`: what no thread can be started for is done before `submit` returns."""

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
            work.run()  # it stays in the queue as well: whichever comes first
        return work.future


class _Once:
    """Work that is done by whoever comes first."""

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
        except BaseException as error:  # noqa: BLE001  # it belongs to whoever asked for the result
            self.future.set_exception(error)


class WatchedSelector(DefaultSelector):
    """Notes when the loop's turns begin and end: between two looks at its descriptors."""

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """As the base class."""
        SLOT.turn_ends()
        found = DefaultSelector.select(self, timeout)
        SLOT.turn_begins()
        return found


class _Loop(asyncio.SelectorEventLoop):
    """The usual loop; its end needs no thread either."""

    def __init__(self) -> None:
        super().__init__(WatchedSelector())
        self._threads = Threads(thread_name_prefix="work")
        self.set_default_executor(self._threads)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # as the base class
        """Let what is under way end."""
        del timeout
        self._threads.shutdown(wait=True)


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """As `asyncio.run`, with these threads."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
