"""The keeper's loop: the handshake, the server's life, the exits of panes' processes. One thread, which waits only in
`select`.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time

from fuguemux.keeper.address import KeeperAddress
from fuguemux.keeper.channel import STALLED_SECONDS, ChannelBroke, Message
from fuguemux.keeper.children import Child, SpawnFailed
from fuguemux.keeper.connections import Connections, ServerConnection
from fuguemux.keeper.diagnostics import KeeperDiagnostics
from fuguemux.keeper.ending import KeeperEnding
from fuguemux.keeper.handshake import Objection, check
from fuguemux.keeper.listener import peer_of
from fuguemux.keeper.process import ended_children
from fuguemux.keeper.protocol import (
    EXIT_GRACEFUL,
    PROTOCOL_VERSION,
    ROLE_SERVER,
    ROLE_STANDBY,
    ExitStatus,
    flag,
    integer,
    text,
)
from fuguemux.keeper.requests import HeldPanes, RequestRefused, failure_message
from fuguemux.keeper.server_watch import ServerWatch
from fuguemux.keeper.spawning import Spawning
from fuguemux.keeper.succession import Succession
from fuguemux.keeper.supervisor import Supervisor
from fuguemux.keeper.waiting import Answered, Waiting
from fuguemux.keeper.watches import Watches, hear_signals

ADOPTER_SECONDS_MAX = 10.0
POLL_SECONDS = 0.5  # on systems without pidfds
LOOK_SECONDS = 1.0
"""While no server is connected to report it, the keeper checks this often whether its socket and locks still exist."""


class Keeper:
    """Holds the panes until the server, or a signal, ends it."""

    def __init__(
        self,
        address: KeeperAddress,
        supervisor: Supervisor,
        diagnostics: KeeperDiagnostics,
        *,
        version: str,
        store: str,
        descriptors: int | None,
        obeys: bool,
    ) -> None:
        """`descriptors` is the soft limit of open files for panes' processes. None if it is the keeper's own.

        `obeys`: SIGTERM ends the keeper, after the server.
        """
        self._address = address
        self._supervisor = supervisor
        self._diagnostics = diagnostics
        self._version = version
        self._store = store
        self._selector = selectors.DefaultSelector()
        self._watches = Watches(self._selector, self._tell_exited)
        self._panes = HeldPanes(descriptors, self._watches)
        self._connections = Connections(
            address.listener, self._selector, diagnostics, self._on_message, self._on_dropped
        )
        supervisor.linked = self._connections.add
        self._server_watch = ServerWatch(self._selector, self._server_ended)
        self._succession = Succession(
            supervisor, self._connections, self._panes, diagnostics, self._server_watch.follow
        )
        self._server: ServerConnection | None = None
        self._spawning = Spawning(
            self._selector, self._panes, self._connections, self._answer, self._tell_exited
        )
        self._waiting = Waiting(supervisor)
        self._ending = KeeperEnding(supervisor, self._panes, diagnostics, obeys=obeys)
        self._stopping = False
        self._exit_code: int | None = None
        self._signals, self._signals_in = os.pipe()
        self._selector.register(self._signals, selectors.EVENT_READ, self._on_signals)
        hear_signals(self._signals, self._signals_in)

    def when_serving(self, answered: Answered) -> None:
        """Call `answered` once it is known whether a server serves."""
        self._waiting.add(answered, stopping=self._stopping)

    def start_server(self) -> None:
        """Start a server now."""
        self._waiting.start_server(needed=bool(self._panes.by_key))

    def await_adopter(self, link: socket.socket | None) -> None:
        """Give the server that started this keeper some time to connect, perhaps by `link`, before another one is
        started.
        """
        if link is not None:
            self._connections.add(link, peer_of(link)[1])
        self._supervisor.due = time.monotonic() + ADOPTER_SECONDS_MAX

    def run(self) -> int:
        """Run until the end. Returns the exit code; all panes have been hung up by then."""
        while self._exit_code is None:
            for selected, _ in self._selector.select(self._seconds_to_next()):
                selected.data()
            self._on_time(time.monotonic())
            if self._ending.over():
                self._end(EXIT_GRACEFUL)
            if self._is_of_no_use():
                self._end(1)
        self._succession.keeper_ends()
        self._panes.hang_up()
        self._diagnostics.note(f"keeper ends with code {self._exit_code}")
        return self._exit_code

    def _be_found(self, *, anew: bool = False) -> None:
        """Create socket and locks again if they were removed."""
        if self._address.look(anew=anew):
            self._connections.listen_on(self._address.listener)
            self._diagnostics.note(f"listens on {self._address.place} now")

    def _is_of_no_use(self) -> bool:
        """Whether the keeper has no panes and cannot start a server, so that it would only block the next keeper."""
        return bool(self._supervisor.gave_up) and not self._panes.by_key and not self._server

    def _end(self, code: int) -> None:
        """Leave the loop after this turn. The first code counts."""
        if self._exit_code is None:
            self._exit_code = code

    # Time

    def _seconds_to_next(self) -> float | None:
        times = [self._connections.deadline(), self._supervisor.due, self._ending.deadline]
        times += [self._succession.deadline]
        now = time.monotonic()
        seconds = [moment - now for moment in times if moment is not None]
        if self._watches.polling or self._server_watch.polling:
            seconds.append(POLL_SECONDS)
        if self._server is None:
            seconds.append(LOOK_SECONDS)
        if self._connections.stalled:
            seconds.append(STALLED_SECONDS)
        return max(min(seconds), 0.0) if seconds else None

    def _on_time(self, now: float) -> None:
        if self._server is None:
            self._be_found()
        if self._supervisor.due is not None and self._supervisor.due <= now:
            self.start_server()
        if self._ending.deadline is not None and self._ending.deadline <= now:
            self._diagnostics.note("the server did not stop in time")
            self._end(EXIT_GRACEFUL)
        self._succession.on_time(now)
        self._connections.on_time(now)
        self._watches.poll()
        self._server_watch.poll()

    # Messages

    def _on_message(
        self, connection: ServerConnection, message: Message, descriptors: list[int]
    ) -> None:
        kind = text(message, "type", 64)
        if not connection.role:
            self._on_hello(connection, kind, message)
            return
        request = integer(message, "id")
        try:
            if connection.role == ROLE_SERVER:
                answer = self._answer_server(connection, kind, request, message, descriptors)
            elif connection.role == ROLE_STANDBY:
                answer = self._answer_standby(connection, kind, message)
            else:
                answer = self._answer_control(connection, kind, request)
        except (RequestRefused, SpawnFailed) as error:
            answer = failure_message(error)
        if answer is not None:
            self._answer(connection, request, answer)

    def _answer(
        self,
        connection: ServerConnection,
        request: int,
        answer: Message,
        descriptors: tuple[int, ...] = (),
    ) -> None:
        self._connections.send(connection, {"type": "answer", "id": request, **answer}, descriptors)

    def _answer_server(
        self,
        connection: ServerConnection,
        kind: str,
        request: int,
        message: Message,
        descriptors: list[int],
    ) -> Message | None:
        """Carry out a server's request and return the answer; None if it comes later."""
        if kind == "spawn":
            self._spawning.begin(connection, request, message)
            return None
        if kind == "ready":
            self._succession.ready(message)
            self._supervisor.ready = True
            self._waiting.answer(stopping=self._stopping)
            return {}
        if kind == "stop":
            self._stopping = True
            return {}
        if kind == "status":
            return self._status()
        if kind == "listen":
            self._be_found(anew=flag(message, "anew"))
            return {"path": self._address.place}
        handle = self._panes.requests.get(kind)
        if handle is None:
            raise RequestRefused(f"this keeper does not know the request {kind!r}")
        return handle(message, descriptors)

    def _answer_control(
        self, connection: ServerConnection, kind: str, request: int
    ) -> Message | None:
        """Carry out a request of a process that is not the server."""
        if kind == "status":
            return self._status()
        if kind == "start-server":
            self._supervisor.ask_again(time.monotonic())
            if self._supervisor.state == "none":
                raise RequestRefused("this keeper was not told how to start a server")
            self.when_serving(
                lambda reason: self._answer(
                    connection, request, {"error": reason} if reason else {}
                ),
            )
            return None
        if kind == "stop":
            if self._supervisor.pid:
                raise RequestRefused("a server runs: ask that one to stop")
            self._end(0)
            return {}
        raise RequestRefused(f"this keeper does not know the request {kind!r}")

    def _status(self) -> Message:
        return {
            "keeper_version": self._version,
            "keeper_pid": os.getpid(),
            "store": self._store,
            "panes": len(self._panes.by_key),
            "running": len(self._panes.running()),
            "server_state": self._supervisor.state,
            "server_pid": self._supervisor.pid,
            "reason": self._supervisor.gave_up,
        }

    def _answer_standby(self, connection: ServerConnection, kind: str, message: Message) -> Message:
        """A server has released everything and waits: start the next one in its place."""
        if kind != "give-way":
            raise RequestRefused(f"this keeper does not know the request {kind!r}")
        if self._server is not None and self._server.pid == connection.pid:
            self._connections.serve(self._server)  # its last messages as the server
            if self._server is not None:
                self._connections.drop(self._server, "")
        if connection.pid != self._supervisor.pid or self._server is not None:
            raise RequestRefused(f"process {connection.pid} is not the server")
        return self._succession.begin(connection, message, time.monotonic())

    # The handshake

    def _on_hello(self, connection: ServerConnection, kind: str, message: Message) -> None:
        if kind != "hello":
            raise ChannelBroke(f"{kind!r} before hello")
        try:
            role, store = check(message, self._store, self._server.pid if self._server else 0)
        except Objection as objection:
            self._connections.send(connection, objection.as_message())
            raise ChannelBroke(f"refused: {objection}") from objection
        connection.welcome(role)
        stored = self._panes.descriptors if role == ROLE_SERVER else {}
        welcome: Message = {
            "type": "welcome",
            "protocol": PROTOCOL_VERSION,
            "names": list(stored),
            **self._status(),
        }
        self._connections.send(connection, welcome, tuple(stored.values()))
        if role == ROLE_SERVER:
            self._store = store
            self._begin_server(connection)

    def _begin_server(self, connection: ServerConnection) -> None:
        previous, self._server = self._server, connection
        if previous is not None:
            self._connections.send(previous, {"type": "superseded", "pid": connection.pid})
            self._connections.drop(previous, f"process {connection.pid} took over")
        self._server_watch.follow(self._supervisor.connected(connection.pid))
        for message, descriptors in self._panes.reports():
            # Borrowed: the masters stay open until the server has them all, because it requests nothing before that.
            self._connections.send(connection, message, tuple(descriptors), borrowed=True)

    def _on_dropped(self, connection: ServerConnection) -> None:
        if connection is self._server:
            self._server = None
            if self._stopping:
                self._end(0)
        self._succession.dropped(connection)

    # Ends of processes

    def _on_signals(self) -> None:
        with contextlib.suppress(BlockingIOError):
            numbers = set(os.read(self._signals, 4096))
            if signal.SIGCHLD in numbers:
                self._reap()
            if signal.SIGUSR1 in numbers:
                self._be_found()
            asked = numbers & {signal.SIGTERM, signal.SIGINT}
            if asked and self._ending.asked(time.monotonic()):
                self._end(EXIT_GRACEFUL)

    def _reap(self) -> None:
        """Collect the statuses of all exited children, including the panes' orphans."""
        for pid, ended in ended_children():
            if pid == self._supervisor.pid and self._supervisor.watch is None:
                self._server_ended(ended)
                continue
            child = self._panes.child_with(pid)
            if child is not None:
                child.status = ended
                self._tell_exited(child)

    def _tell_exited(self, child: Child) -> None:
        if self._server is None or child in self._spawning or child.status is None:
            return  # the next handshake reports it, or it is sent after the answer to spawn
        message: Message = {"type": "exited", "key": child.key, "status": child.status.as_message()}
        self._connections.send(self._server, message)

    # The server

    def _server_ended(self, status: ExitStatus) -> None:
        if self._server is not None:
            # Its last messages: a `taken` or `stop` sent right before.
            self._connections.serve(self._server)
        if self._server is not None:
            self._connections.drop(self._server, "")
        if self._ending.deadline is None and self._succession.server_ended(status):
            return
        self._server_watch.follow(None)
        now = time.monotonic()
        meant, asked = self._supervisor.ended(status, now), self._ending.includes(status, now)
        if meant or self._stopping or asked:
            self._end(EXIT_GRACEFUL if asked or status.code == EXIT_GRACEFUL else 0)
        self._waiting.answer(stopping=self._stopping)
