"""lock-after-time: locks the clients of sessions in which nobody types."""

import asyncio
from collections.abc import Callable, Sequence

from fuguemux.model import effects as ef
from fuguemux.model.events import AnyEvent, OptionSet
from fuguemux.model.ids import SessionId
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.options.options import Defaults
from fuguemux.server.clients.viewer import Viewer


class IdleLock:
    """Locks the clients of a session in which nobody has typed for `lock-after-time` seconds. One timer for all."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        viewers: Callable[[], Sequence[Viewer]],
        state: Callable[[], ServerState],
        defaults: Callable[[], Defaults],
    ) -> None:
        self._loop = loop
        self._viewers = viewers
        self._state = state
        self._defaults = defaults
        self._timer: asyncio.TimerHandle | None = None

    def published(self, events: Sequence[AnyEvent]) -> None:
        """Follow one transaction: the option may have another value now."""
        if any(
            isinstance(event, OptionSet) and event.name == "lock-after-time" for event in events
        ):
            self.look()

    def look(self) -> None:
        """Lock what is idle now, and look again when the next session may be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waits = [
            wait
            for session in {viewer.session for viewer in self._viewers() if not viewer.suspended}
            if (wait := self._locked_or_wait(session)) is not None
        ]
        if waits:
            self._timer = self._loop.call_later(min(waits), self.look)

    def _locked_or_wait(self, session: SessionId) -> float | None:
        """Lock the clients of an idle session. Otherwise how many seconds are left; None: it is never locked."""
        state, defaults = self._state(), self._defaults()
        known = state.sessions.get(session)
        seconds = options.get_number(state, defaults, "lock-after-time", session=known)
        if known is None or not seconds:
            return None
        here = [viewer for viewer in self._viewers() if viewer.session == session]
        left = max(viewer.used_at for viewer in here) + seconds - self._loop.time()
        if left > 0:
            return left
        command = options.get(state, defaults, "lock-command", session=known)
        for viewer in here:
            viewer.lend(ef.LockClient(viewer.client, command))
        return None
