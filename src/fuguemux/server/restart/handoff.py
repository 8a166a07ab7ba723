"""The handoff to a new server: what the old one remembers from its decision until it has released everything."""

import asyncio
import os
import socket
from collections.abc import Collection
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.observe.clock import Clock
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.requesters import ConnectionRequester
from fuguemux.server.ports import Requester
from fuguemux.server.processes.processes import Processes
from fuguemux.server.restart import preflight
from fuguemux.server.restart.standby import StandingBy, failed

SECONDS_MIN: Final = 30
PROOFS_MAX: Final = 5
"""The new server may take this many times as long as the preflight, which read the same state."""
SECONDS_VARIABLE: Final = "FUGUE_HANDOVER_SECONDS"
"""For tests: how many seconds a new server may take."""
TOLD_SECONDS: Final = 30.0
"""For this long every client that attaches is told that a new server was refused."""


class Handoff:
    """One handoff. It is created when the preflight has succeeded."""

    def __init__(
        self, requester: Requester, proof_seconds: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.left: asyncio.Future[bytes] = loop.create_future()
        """Done when every connection is closed. The command that requested the restart ends then, without a reply
        from this server."""
        self.seconds = _seconds(proof_seconds)
        """How many seconds the new server may take."""
        self._asking = requester.connection if isinstance(requester, ConnectionRequester) else None
        self._shared: socket.socket | None = None

    def goes_on(self, connection: Connection) -> bool:
        """Whether the connection's client waits for the next server anyway."""
        return connection.is_attached or connection is self._asking

    def keep_requester(self) -> None:
        """Keep the requester waiting after all connections were closed. An attached requester is told on its screen
        later."""
        if self._asking is not None and not self._asking.is_attached:
            self._shared = self._asking.share()

    def handover(self, processes: Processes) -> StandingBy:
        """Release all processes. Returns what this process keeps while it stands by."""
        keys = processes.keys()
        return StandingBy(processes.let_go(), self.seconds, self._shared, keys)


async def proved(
    requester: Requester, state_directory: str, panes: Collection[PaneId], clock: Clock
) -> Handoff:
    """Start a process of the installed code, which proves that it can take over. Raises EffectFailed if it does not."""
    began_ns = clock.monotonic_ns()
    await preflight.prove(state_directory, panes)
    seconds = (clock.monotonic_ns() - began_ns) / 1e9
    return Handoff(requester, seconds, asyncio.get_running_loop())


def tell_requester(returned: StandingBy) -> None:
    """Tell the requester of the restart why this process serves again."""
    returned.close_masters()
    returned.answer(failed(returned), 1)


def _seconds(proof_seconds: float) -> int:
    asked = os.environ.get(SECONDS_VARIABLE, "")
    if os.environ.get("FUGUE_TESTING") == "1" and asked.isdecimal():
        return int(asked)
    return max(SECONDS_MIN, int(proof_seconds * PROOFS_MAX) + 1)
