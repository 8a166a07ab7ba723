"""Decides when a client's screen is drawn: at most `frame_rate_hz` times a second, but at once for an expected echo."""

import asyncio
from collections.abc import Callable
from typing import Final

from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.panes.pane_terminal import PaneTerminal

SYNC_SECONDS_MAX: Final = 0.15
"""A program that begins a synchronized update and does not end it is drawn after this time anyway."""


class Frames:
    """Draws viewers whose screen is out of date. Belongs to the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, frame_rate_hz: Callable[[], int]) -> None:
        self._loop = loop
        self._frame_rate_hz = frame_rate_hz

    def schedule(self, viewer: Viewer, *, not_before: float = 0.0) -> None:
        """Draw soon: at once if the last frame was long ago, else when the next one is due."""
        if (
            viewer.frame_timer is not None
            or viewer.suspended
            or not (viewer.dirty and viewer.draws)
        ):
            return
        due = max(viewer.frame_at + 1.0 / self._frame_rate_hz(), not_before)
        if due <= self._loop.time():
            viewer.frame_timer = self._loop.call_soon(self._draw, viewer)
        else:
            viewer.frame_timer = self._loop.call_at(due, self._draw, viewer)

    def changed(self, viewer: Viewer, terminal: PaneTerminal) -> None:
        """A visible pane has changed: draw soon, or now if an echo from this pane is expected."""
        if terminal.emulator.modes.synchronized_output:
            if viewer.frame_timer is None:
                self.schedule(viewer, not_before=self._loop.time() + SYNC_SECONDS_MAX)
                viewer.frame_held_by = terminal.id
        elif terminal.echo_awaited and viewer.draws and not viewer.suspended:
            self.cancel(viewer)
            self._draw(viewer)
        else:
            if viewer.frame_held_by == terminal.id:  # its update is complete
                self.cancel(viewer)
            self.schedule(viewer)

    def pass_on(self, viewer: Viewer, data: bytes) -> None:
        """Send what a program means for the terminal outside, whose cursor is then where the program's is."""
        if not data or viewer.suspended or viewer.connection.congested:
            return
        if viewer.dirty:
            self.cancel(viewer)
            self._draw(viewer)
        viewer.pass_on(data)

    def cancel(self, viewer: Viewer) -> None:
        """Cancel the frame that is due."""
        viewer.frame_held_by = None
        if viewer.frame_timer is not None:
            viewer.frame_timer.cancel()
            viewer.frame_timer = None

    def _draw(self, viewer: Viewer) -> None:
        viewer.frame_timer = viewer.frame_held_by = None
        if viewer.suspended or viewer.connection.congested:
            return  # `drained` and `woken` will draw the newest state
        frame = viewer.frame()
        if frame:
            viewer.frame_at = self._loop.time()
            viewer.connection.output(frame)
