"""Shows a message in a client's status line until its time is up."""

import asyncio
from collections.abc import Callable

from fuguemux.server.clients.viewer import Viewer


class ShownMessages:
    """The messages that clients show now. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        number: Callable[[Viewer, str], int],
        schedule: Callable[[Viewer], None],
    ) -> None:
        """`number`: the value of an option for the session of a client. `schedule`: draw a client soon."""
        self._loop = loop
        self._number = number
        self._schedule = schedule

    def show(self, viewer: Viewer, text: str, duration_ms: int) -> None:
        """Show a line for `duration_ms`. 0: as long as the option `display-time` says."""
        viewer.message(text)
        shown = viewer.overlay
        milliseconds = duration_ms or self._number(viewer, "display-time")
        if milliseconds > 0:
            self._loop.call_later(milliseconds / 1000, self._clear, viewer, shown)
        self._schedule(viewer)

    def _clear(self, viewer: Viewer, shown: object) -> None:
        if viewer.overlay is shown:
            viewer.overlay = None
            viewer.dirty = True
            self._schedule(viewer)
