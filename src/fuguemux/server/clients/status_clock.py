"""When the status line of each client is due again: after `status-interval` seconds, so that clocks and commands in it go
on, and when a command in it has printed a line."""

import asyncio
from collections.abc import Callable, Sequence

from fuguemux.model.events import AnyEvent, OptionSet
from fuguemux.model.ids import ClientId
from fuguemux.server.clients.viewer import Viewer

_OPTION = "status-interval"


class StatusClock:
    """A timer for each attached client. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        interval_s: Callable[[Viewer, str], int],
        due: Callable[[Viewer], None],
        draw: Callable[[Viewer], None],
    ) -> None:
        """`interval_s` returns the value of an option for a client; 0: never. `due` draws a client, and its commands run
        again; `draw` only draws it."""
        self._loop = loop
        self._interval_s = interval_s
        self._due = due
        self._draw = draw
        self._timers: dict[ClientId, tuple[Viewer, asyncio.TimerHandle | None]] = {}

    def begin(self, viewer: Viewer) -> None:
        """A client has attached, or shows another session: its interval begins now."""
        self.end(viewer.client)
        seconds = self._interval_s(viewer, _OPTION)
        timer = self._loop.call_later(seconds, self._tick, viewer) if seconds > 0 else None
        self._timers[viewer.client] = (viewer, timer)

    def end(self, client: ClientId) -> None:
        """The client has left."""
        _, timer = self._timers.pop(client, (None, None))
        if timer is not None:
            timer.cancel()

    def published(self, events: Sequence[AnyEvent]) -> None:
        """Follow one transaction: if the option has changed anywhere, all intervals begin again, as in tmux."""
        if any(isinstance(event, OptionSet) and event.name == _OPTION for event in events):
            for viewer, _ in list(self._timers.values()):
                self.begin(viewer)

    def _tick(self, viewer: Viewer) -> None:
        self.begin(viewer)
        viewer.dirty = True
        self._due(viewer)

    # What the commands of status lines need to know

    def round(self, client: ClientId) -> int:
        """A number that changes whenever the status line of the client is due; 0 if it is not attached."""
        viewer, _ = self._timers.get(client, (None, None))
        return 0 if viewer is None else viewer.round

    def directory(self, client: ClientId) -> bytes | None:
        """The directory of the session that the client shows; None if it is not attached."""
        viewer, _ = self._timers.get(client, (None, None))
        session = None if viewer is None else viewer.current_session()
        return None if session is None else session.cwd

    def printed(self, client: ClientId) -> None:
        """A command in the client's status line has printed a line."""
        viewer, _ = self._timers.get(client, (None, None))
        if viewer is not None:
            viewer.touch_status()
            self._draw(viewer)
