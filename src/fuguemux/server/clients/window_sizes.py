"""Adjusts the sizes of windows to the clients that show them, once per turn of the loop."""

import asyncio
from collections.abc import Callable

from fuguemux.engine.engine import Engine
from fuguemux.model.state import ServerState
from fuguemux.reactions import client_resized


class WindowSizes:
    """Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        failed: Callable[[OSError], None],
    ) -> None:
        """`failed` receives errors of logging new sizes. The next change tries again."""
        self._loop = loop
        self._engine = engine
        self._failed = failed
        self._due = False

    def published(self, before: ServerState, after: ServerState) -> None:
        """Follow one transaction."""
        if (
            before.sessions is not after.sessions
            or before.windows is not after.windows
            or before.session_options is not after.session_options  # more or fewer status lines
            or before.window_options is not after.window_options
        ):
            self.changed()

    def changed(self) -> None:
        """Viewers came, left, changed their size or were used: adjust the windows soon."""
        if not self._due:
            self._due = True
            self._loop.call_soon(self._resize)

    def _resize(self) -> None:
        self._due = False
        decision = client_resized.decide(self._engine.state, self._engine.live)
        if decision.events:
            try:
                self._engine.tell(decision)
            except OSError as error:
                self._failed(error)
