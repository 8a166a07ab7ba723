"""Notices when the server ends that is no child of the keeper: by a pidfd, or by asking again and again without one."""

from __future__ import annotations

import selectors
from collections.abc import Callable

from fuguemux.keeper.process import ProcessWatch
from fuguemux.keeper.protocol import ExitStatus


class ServerWatch:
    """Watches one process at most. `ended` is called with its status."""

    def __init__(
        self, selector: selectors.BaseSelector, ended: Callable[[ExitStatus], None]
    ) -> None:
        self._selector = selector
        self._ended = ended
        self._watch: ProcessWatch | None = None

    def follow(self, watch: ProcessWatch | None) -> None:
        """Watch this process and no other. None if the server is the keeper's child, or if there is no server."""
        if self._watch is not None and self._watch.pidfd >= 0:
            self._selector.unregister(self._watch.pidfd)
        self._watch = watch
        if watch is not None and watch.pidfd >= 0:
            self._selector.register(watch.pidfd, selectors.EVENT_READ, self._tell)

    @property
    def polling(self) -> bool:
        """Whether nothing but `poll` notices the end."""
        return self._watch is not None and self._watch.pidfd < 0

    def poll(self) -> None:
        """Ask whether the process has ended, if only that tells."""
        if self.polling and self._watch is not None and self._watch.ended():
            self._tell()

    def _tell(self) -> None:
        if self._watch is not None:
            self._ended(self._watch.status())
