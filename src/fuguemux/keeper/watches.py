"""The exits of processes that an earlier keeper started: they are not children, so the kernel does not report them by
itself.
"""

from __future__ import annotations

import os
import selectors
import signal
from collections.abc import Callable

from fuguemux.keeper.children import Child


class Watches:
    """Calls `on_ended` once per watched child that has exited, with its status set as far as it can be known."""

    def __init__(self, selector: selectors.BaseSelector, on_ended: Callable[[Child], None]) -> None:
        self._selector = selector
        self._on_ended = on_ended
        self._polled: list[Child] = []

    @property
    def polling(self) -> bool:
        """Whether `poll` must be called now and then."""
        return bool(self._polled)

    def add(self, child: Child) -> None:
        """Watch a child that has its `watch` set."""
        watch = child.watch
        if watch is not None and watch.pidfd >= 0 and not watch.ended():
            self._selector.register(watch.pidfd, selectors.EVENT_READ, lambda: self._ended(child))
        else:
            self._polled.append(child)  # even if it has exited already: the next `poll` sees that

    def remove(self, child: Child) -> None:
        """Stop watching it. Does nothing if it was not watched."""
        if child in self._polled:
            self._polled.remove(child)
        elif child.watch is not None and child.watch.pidfd >= 0:
            self._selector.unregister(child.watch.pidfd)

    def poll(self) -> None:
        """Check the processes for which there is no pidfd."""
        for child in list(self._polled):
            if child.watch is not None and child.watch.ended():
                self._ended(child)

    def _ended(self, child: Child) -> None:
        if child.watch is None or child.status is not None:
            return
        child.status = child.watch.status()
        self.remove(child)
        child.watch.close()
        self._on_ended(child)


def hear_requests() -> None:
    """From now on SIGUSR1 does not end this process. It is sent by processes that cannot reach it by a path."""
    signal.signal(signal.SIGUSR1, _ignore)


def hear_signals(reading: int, writing: int) -> None:
    """From now on the numbers of relevant signals come through this pipe; others that would end the process are ignored."""
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, _ignore)
    for number in (
        signal.SIGHUP,
        signal.SIGPIPE,
        signal.SIGTTOU,
        signal.SIGTTIN,
        signal.SIGTSTP,
    ):
        signal.signal(number, signal.SIG_IGN)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)


def _ignore(_signal: int, _frame: object) -> None:
    """Do nothing: the number comes through the wake-up file descriptor."""
