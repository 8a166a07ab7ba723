"""Replaces the server on request: the old one stands by until the new one serves, and takes over again if it fails."""

from __future__ import annotations

import errno
from collections.abc import Callable

from fuguemux.keeper.channel import Message
from fuguemux.keeper.connections import Connections, ServerConnection
from fuguemux.keeper.diagnostics import KeeperDiagnostics
from fuguemux.keeper.handover import Handover, retire
from fuguemux.keeper.limits import explained
from fuguemux.keeper.process import ProcessWatch
from fuguemux.keeper.protocol import ExitStatus
from fuguemux.keeper.requests import HeldPanes, RequestRefused
from fuguemux.keeper.supervisor import Supervisor


class Succession:
    """At most one handover at a time. Belongs to the keeper's loop, which reports events to it."""

    def __init__(
        self,
        supervisor: Supervisor,
        connections: Connections,
        panes: HeldPanes,
        diagnostics: KeeperDiagnostics,
        watch: Callable[[ProcessWatch | None], None],
    ) -> None:
        """`watch` is called with the watch of the process that is the server from then on."""
        self._supervisor = supervisor
        self._connections = connections
        self._panes = panes
        self._diagnostics = diagnostics
        self._watch = watch
        self._standby: ServerConnection | None = None
        self._handover: Handover | None = None

    @property
    def deadline(self) -> float | None:
        """When the new server is given up. None if there is none, or if it is ending."""
        return None if self._handover is None else self._handover.deadline

    def begin(self, standby: ServerConnection, message: Message, now: float) -> Message:
        """Start the next server. Returns the answer for the server that stands by. Raises RequestRefused, ChannelBroke."""
        supervisor = self._supervisor
        if not supervisor.argv:
            raise RequestRefused("this keeper was not told how to start a server")
        handover = Handover(standby.pid, message, now, child=supervisor.watch is None)
        self._watch(None)
        try:
            supervisor.give_way()
        except OSError as error:
            self._watch(supervisor.watch)
            raise RequestRefused(
                f"cannot start a server: {explained(error.errno or errno.EAGAIN)}"
            ) from error
        self._standby, self._handover = standby, handover
        self._diagnostics.note(f"process {standby.pid} stands by for process {supervisor.pid}")
        return {"pid": supervisor.pid}

    def ready(self, message: Message) -> None:
        """A server says that it serves, so the one that stands by may end. Raises RequestRefused if the new one lacks
        panes.
        """
        handover, standby = self._handover, self._standby
        if handover is None or standby is None:
            return
        lacking = handover.refusal or handover.lacking(message, self._panes.running())
        if lacking:
            self._refuse(handover, lacking)
            raise RequestRefused(lacking)
        self._handover = None
        self._connections.send(standby, retire(self._supervisor.pid, message))

    def on_time(self, now: float) -> None:
        """End a new server that takes too long."""
        handover = self._handover
        if handover is not None and handover.deadline is not None and handover.deadline <= now:
            self._refuse(handover, f"it did not serve within {handover.seconds} s")

    def server_ended(self, status: ExitStatus) -> bool:
        """The server has ended. Returns whether it was a new one, so that the one that stood by serves again."""
        handover, standby = self._handover, self._standby
        if handover is None or standby is None:
            return False
        words = self._diagnostics.last_words()
        self._handover = None
        self._diagnostics.note(f"the new server ended ({status}): back to process {handover.pid}")
        self._watch(None)
        self._watch(self._supervisor.take_back(handover.pid, child=handover.child))
        self._connections.send(standby, handover.resume(str(status), words))
        return True

    def dropped(self, connection: ServerConnection) -> None:
        """A connection is gone. If it was the one that stood by, there is none any more."""
        if connection is self._standby:
            self._standby = self._handover = None

    def keeper_ends(self) -> None:
        """The keeper is told to end, and so is the server that stands by."""
        if self._standby is not None and self._handover is not None:
            self._connections.send(self._standby, retire(0, {}))

    def _refuse(self, handover: Handover, reason: str) -> None:
        handover.give_up(reason)
        self._diagnostics.note(f"the new server is refused: {reason}")
        self._supervisor.kill()
