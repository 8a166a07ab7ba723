"""What a server remembers from the decision to give way until it has let go of everything."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Final

from fuguemux.observe.diagnostics import channel
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.requesters import ConnectionRequester
from fuguemux.server.ports import EffectFailed, Requester
from fuguemux.server.processes.keeper_client import KeeperClient
from fuguemux.server.processes.keeper_start import replace_keeper
from fuguemux.server.processes.processes import Processes
from fuguemux.server.restart import preflight
from fuguemux.server.restart.standby import StandingBy, failed

if TYPE_CHECKING:
    from fuguemux.server.main import Server

SECONDS_MIN: Final = 30
PROOFS_MAX: Final = 5
"""The new server may take so many times as long as the proof took, which read the same state."""
SECONDS_VARIABLE: Final = "FUGUE_HANDOVER_SECONDS"
"""For tests: how long a new server may take."""
TOLD_SECONDS: Final = 30.0
"""So long everybody who attaches is told that a new server was refused."""

diagnostics = channel("server")


class Handoff:
    """Made when the proof has succeeded."""

    def __init__(
        self, requester: Requester, proof_seconds: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.left: asyncio.Future[bytes] = loop.create_future()
        """Done when every connection is closed. The command that asked ends then, unheard."""
        self.seconds = _seconds(proof_seconds)
        """How long the new server may take."""
        self._asking = requester.connection if isinstance(requester, ConnectionRequester) else None
        self._shared: socket.socket | None = None

    def goes_on(self, connection: Connection) -> bool:
        """Whether a connection's client waits for the next server anyway."""
        return connection.is_attached or connection is self._asking

    def keep_requester(self) -> None:
        """Keep the requester waiting beyond the end of all connections; an attached one is told on its screen later."""
        if self._asking is not None and not self._asking.is_attached:
            self._shared = self._asking.share()

    def handover(self, processes: Processes) -> StandingBy:
        """Let go of all processes; what is taken along."""
        keys = processes.keys()
        return StandingBy(processes.let_go(), self.seconds, self._shared, keys)


async def proved(server: Server, requester: Requester) -> Handoff:
    """Have a process of the code that is installed now prove that it can take over. Raises EffectFailed if not."""
    if server.booted.log_path is None:
        raise EffectFailed(
            "restart-server: not possible without persistence, because the new server would have no state"
        )
    server.pane_watcher.look_now(last=True)
    await server.lifecycle.checkpoint("restart")
    began_ns = server.clock.monotonic_ns()
    await preflight.prove(server.booted.state_directory, server.engine.state.panes)
    seconds = (server.clock.monotonic_ns() - began_ns) / 1e9
    return Handoff(requester, seconds, server.loop)


async def keeper_for(server: Server, argv: tuple[str, ...]) -> KeeperClient:
    """The keeper died while this process stood by: start another and hand it the terminals that were kept."""
    returned = server.returned
    panes = [] if returned is None else returned.panes
    path = server.booted.keeper_place.path
    keeper = await replace_keeper(
        argv, path, store=server.keeper_store, panes=panes, descriptors={}
    )
    keeper.held = list(panes)
    panes.clear()
    return keeper


def tell_of_refusal(server: Server) -> None:
    """If this process gave way and serves again: everybody who looks is told why, for a while."""
    if server.returned is None:
        return
    line = failed(server.returned)
    server.report.notes.append(line)
    server.viewers.greeting = lambda: line
    server.loop.call_later(TOLD_SECONDS, _tell_no_more, server)
    diagnostics.warning("server.serves_again", reason=server.returned.reason)


def tell_requester(server: Server) -> None:
    """This process serves again: whoever asked for another one hears why."""
    if server.returned is not None:
        server.returned.close_masters()
        server.returned.answer(failed(server.returned), 1)


def _tell_no_more(server: Server) -> None:
    server.viewers.greeting = lambda: ""


def _seconds(proof_seconds: float) -> int:
    asked = os.environ.get(SECONDS_VARIABLE, "")
    if os.environ.get("FUGUE_TESTING") == "1" and asked.isdecimal():
        return int(asked)
    return max(SECONDS_MIN, int(proof_seconds * PROOFS_MAX) + 1)
