"""Whether commands can be answered yet. A client that connects earlier waits, and is told for what."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.server.clients.connection import Connection
from fuguemux.server.requests.start_files import StartFiles

PROGRESS_SECONDS: Final = 0.25


class Readiness:
    """Belongs to the loop."""

    def __init__(
        self,
        report: RecoveryReport,
        panes_total: int,
        files: StartFiles,
        ended: Callable[[], bool],
    ) -> None:
        """`panes_total`: how many panes are recovered. `ended`: whether the server was told to end on purpose."""
        self._report = report
        self._panes_total = panes_total
        self._files = files
        self._ended = ended
        self._ready = asyncio.Event()

    def set(self) -> None:
        """Answer commands from now on."""
        self._ready.set()

    async def wait(self, connection: Connection) -> None:
        """Return when commands can be answered. Tells the client what it waits for."""
        while not self._ready.is_set():
            back = sum(pane.status != "pending" for pane in self._report.panes)
            done = f"{back} of {self._panes_total} panes" if self._panes_total else "sessions"
            if connection.is_open:
                connection.progress(f"fugue: recovering {done}…")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROGRESS_SECONDS):
                    await self._ready.wait()
        waited = await self._files.wait(connection)
        if self._files.cut_off:
            connection.stderr(b"the server ended before the files of -f did: the rest is not run\n")
        if waited and self._ended():
            # The client is not sent to the next server, which would run the same files.
            connection.stderr(b"the server was ended before the command was begun\n")
            connection.exit(1)
