"""Reports the exit of processes that another process started, without polling, where the system can (Linux:
pidfd_open(2)).

Each watched process takes a file descriptor, and all of them take at most a share of this process's limit. Processes
beyond that are looked at later, when something else happens in their pane.
"""

import asyncio
import contextlib
import os
import resource
from collections.abc import Callable, Collection
from typing import Final

from fuguemux.model.ids import PaneId

WATCHED_MAX: Final = 256
SHARE_OF_LIMIT: Final = 16
"""At most one in this many file descriptors may be one of these."""


class ProcessEnds:
    """The watched processes of all panes. Belongs to the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ended: Callable[[PaneId], None]) -> None:
        """`ended` is called with the pane, once for each process."""
        self._loop = loop
        self._ended = ended
        self._watched: dict[PaneId, dict[int, int]] = {}
        """For each pane, file descriptors by pid."""
        soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._left = WATCHED_MAX if soft < 0 else min(WATCHED_MAX, soft // SHARE_OF_LIMIT)

    def watch(self, pane: PaneId, pids: Collection[int]) -> None:
        """Watch these processes of `pane`, and no others of it."""
        known = self._watched.get(pane, {})
        for pid in [pid for pid in known if pid not in pids]:
            self._drop(pane, pid)
        for pid in pids:
            if pid not in known and self._left > 0:
                self._add(pane, pid)

    def close(self) -> None:
        """Stop watching all processes."""
        for pane in list(self._watched):
            self.watch(pane, ())

    def _add(self, pane: PaneId, pid: int) -> None:
        if not hasattr(os, "pidfd_open"):
            return
        # The process has exited already, or there are no file descriptors left.
        with contextlib.suppress(OSError):
            fd = os.pidfd_open(pid)
            self._left -= 1
            self._watched.setdefault(pane, {})[pid] = fd
            self._loop.add_reader(fd, self._over, pane, pid)

    def _over(self, pane: PaneId, pid: int) -> None:
        self._drop(pane, pid)
        self._ended(pane)

    def _drop(self, pane: PaneId, pid: int) -> None:
        fds = self._watched[pane]
        fd = fds.pop(pid)
        if not fds:
            del self._watched[pane]
        self._left += 1
        self._loop.remove_reader(fd)
        os.close(fd)
