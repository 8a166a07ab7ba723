"""The end of the server: what may end it, how it ends, and the steps that are taken at once."""

import asyncio
from collections.abc import Callable

from fuguemux.engine.engine import Engine
from fuguemux.keeper.protocol import EXIT_DELIBERATE, EXIT_GRACEFUL, EXIT_RESTART
from fuguemux.model.state import ServerState
from fuguemux.observe.diagnostics import channel
from fuguemux.reactions import server_ended, session_emptied
from fuguemux.server.requests.start_files import StartFiles

diagnostics = channel("server")


class ServerEnd:
    """Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        files: StartFiles,
        note: Callable[[], None],
        stop_keepers: Callable[[], None],
        shut_down: Callable[[], None],
    ) -> None:
        """`note` stores that the server was stopped on purpose. `shut_down` marks every later process exit as caused
        by the machine's shutdown.
        """
        self._loop = loop
        self._engine = engine
        self._files = files
        self._note = note
        self._stop_keepers = stop_keepers
        self._shut_down = shut_down
        self._close: Callable[[], None] = lambda: None
        self._code: asyncio.Future[int] = loop.create_future()

    def connect(self, close: Callable[[], None]) -> None:
        """`close` accepts no more clients and begins no more requests. It is called when the server is stopped on
        purpose.
        """
        self._close = close

    @property
    def stopping(self) -> bool:
        """Whether the server was told to end."""
        return self._code.done()

    @property
    def is_deliberate(self) -> bool:
        """Whether the server was told to end on purpose, with its sessions."""
        return self._code.done() and self._code.result() == EXIT_DELIBERATE

    async def wait(self) -> int:
        """Wait for the end. Returns the exit code."""
        return await self._code

    def stop(self) -> None:
        """End for kill-server, or because the last session ended. This is on purpose, so no later start brings
        anything back.

        Call it before any client is told. A command that follows must find either no server, or the next one.
        """
        engine = self._engine
        try:
            engine.tell(server_ended.decide(engine.state, engine.live))
        except OSError as error:
            diagnostics.warning("not_forgotten", error=error.strerror or str(error))
        self._note()
        self._close()
        self._end(EXIT_DELIBERATE)

    def stop_gracefully(self) -> None:
        """End for SIGTERM: everything is saved and comes back with the next start."""
        self._shut_down()
        self._end(EXIT_GRACEFUL)

    def give_way(self) -> None:
        """End because another server takes over."""
        self._end(EXIT_RESTART)

    def _end(self, code: int) -> None:
        if not self._code.done():
            self._stop_keepers()
            self._code.set_result(code)

    # Ends without sessions

    def published(self, before: ServerState, after: ServerState) -> None:
        """Follow one transaction. Without sessions the server may end a moment later."""
        if before.sessions and not after.sessions:
            self._loop.call_soon(self._emptied)

    def _emptied(self) -> None:
        if not session_emptied.decide(self._engine.state, self._engine.live).effects:
            return
        if not self._files.keeps(self._emptied):
            self.stop()
