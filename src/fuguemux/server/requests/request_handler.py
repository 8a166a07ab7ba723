"""What the server does for a connection: runs one command, or serves an attached client until it leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from fuguemux.commands import start_server
from fuguemux.commands.parts import plain_start
from fuguemux.commands.table import TABLE
from fuguemux.language import command_lines
from fuguemux.model.decision import Refused
from fuguemux.model.ids import ClientId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.observe.clock import Clock
from fuguemux.options.aliases import check_known
from fuguemux.protocol import messages
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients import resume_token
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.requesters import ConnectionRequester, text_of
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.ports import ServerEnding
from fuguemux.server.requests.control_input import ControlInput
from fuguemux.server.requests.executor import Executor
from fuguemux.server.requests.keys.key_input import KeyInput
from fuguemux.server.work.waits import ServerEnds

LOOKED_UP_AT_ONCE: Final = 500
"""How many commands of a sequence are looked up in one turn of the loop."""


class RequestHandler:
    """Implements `Handler` for connections."""

    def __init__(
        self,
        executor: Executor,
        viewers: Viewers,
        keys: KeyInput,
        control: ControlInput,
        state: Callable[[], ServerState],
        clock: Clock,
        ready: Callable[[Connection], Awaitable[None]],
        served: Callable[[Connection], None],
        socket_path: bytes,
        live: LiveView,
        unneeded: Callable[[], None],
        warning: Callable[[], str],
        gone: Callable[[ClientId], None],
    ) -> None:
        """`unneeded` is called after the answer to the command for which this server was started.

        `warning` returns what the command that started the server prints on stderr. Empty: nothing. `gone` is called when
        a client has left.
        """
        self._warning = warning
        self._gone = gone
        self._live = live
        self._unneeded = unneeded
        self._executor = executor
        self._viewers = viewers
        self._keys = keys
        self._control = control
        self._state = state
        self._clock = clock
        self._ready = ready
        self._served = served
        self._socket_path = socket_path

    async def command(self, connection: Connection, command: CommandMessage) -> None:
        """Run the connection's command, or attach a client again after a restart."""
        await self._ready(connection)
        if command.resume:
            if connection.is_open:
                self._resume(connection, command)
            return
        requester = self._requester(connection, command)
        try:
            words = [text_of(word) for word in command.argv]
            commands = command_lines.parse(words) or self._without_words(requester)
            if len(commands) > 1 or command.control:  # if one of them can never run, none runs
                for number, one in enumerate(commands, 1):
                    check_known(TABLE, self._state(), one)
                    if number % LOOKED_UP_AT_ONCE == 0:
                        await asyncio.sleep(0)
        except Refused as refusal:
            text = refusal.told(as_tmux=requester.as_tmux)
            requester.stderr(f"{text}\n".encode("utf-8", "surrogateescape"))
            requester.finish(1)
            return
        try:
            with requester.batch():
                code = await self._executor.begin(commands, requester)
        except ServerEnding:
            connection.not_begun()
            return
        except ServerEnds as ends:
            _tell_end(connection, requester, ends)
            return
        started = command.flags & messages.STARTED
        if started:
            requester.warn(self._warning().encode("utf-8", "surrogateescape"))
        if not connection.is_attached and connection.is_open:
            requester.finish(code)
        self._served(connection)
        if command.control:
            self._control.go_on(connection)
        if started and not any(map(_asks_to_stay, commands)):
            self._unneeded()

    def _requester(self, connection: Connection, command: CommandMessage) -> ConnectionRequester:
        if command.control:
            return self._control.requester(connection, command, typed=False)
        return ConnectionRequester(connection, command, self._state, self._socket_path)

    def _without_words(self, requester: ConnectionRequester) -> list[tuple[str, ...]]:
        """The commands for `fugue` without a command. `tmux` without a command always creates a session."""
        if requester.as_tmux:
            return [plain_start.NEW]
        return plain_start.chosen(self._state(), self._live)

    def _resume(self, connection: Connection, command: CommandMessage) -> None:
        """Attach a client again that was attached to the previous server. It continues where it was, if that still
        exists."""
        state = self._state()
        session = resume_token.decode(command.resume).session
        if session not in state.sessions:
            if not state.sessions:
                connection.detached("[exited]", 0)
                return
            session = max(state.sessions)
        assert session is not None
        self._viewers.resume(connection, command, session)

    def input(self, connection: Connection, data: bytes) -> None:
        """Keys of an attached client, or lines of a control client."""
        if connection.command is not None and connection.command.control:
            self._control.received(connection, data)
            return
        self._keys.bytes_typed(connection, data)

    def resized(self, connection: Connection, columns: int, rows: int) -> None:
        """The client's terminal has another size."""
        self._viewers.resized(connection, columns, rows)

    def suspended(self, connection: Connection) -> None:
        """The client was stopped (SIGTSTP)."""
        self._viewers.suspended(connection)

    def woken(self, connection: Connection, columns: int, rows: int) -> None:
        """The client runs again."""
        self._viewers.woken(connection, columns, rows)

    def drained(self, connection: Connection) -> None:
        """The client reads again."""
        self._viewers.drained(connection)
        self._viewers.control.drained(connection.client)

    def closed(self, connection: Connection, reason: str) -> None:
        """The connection is gone."""
        del reason
        self._viewers.closed(connection)
        self._gone(connection.client)
        self._viewers.control.closed(connection.client)
        self._control.closed(connection.client)


def _tell_end(connection: Connection, requester: ConnectionRequester, ends: ServerEnds) -> None:
    """A command still waits when the server ends: send its client to the next server, or tell the client what
    happened."""
    if connection.is_attached or not connection.is_open:
        return
    if ends.again:
        connection.go_on(command_lines.words(ends.left))
        return
    text = str(ends)
    if text:
        requester.stderr(f"{text}\n".encode("utf-8", "surrogateescape"))
    connection.exit(1 if text else 0)


def _asks_to_stay(words: tuple[str, ...]) -> bool:
    """Whether a command is about the server itself, and needs no session."""
    try:
        return TABLE.find(words[0]) is start_server.COMMAND
    except Refused:
        return False
