"""Runs what a control client sends: line by line, each answered by blocks, in order."""

from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from fuguemux.engine.engine import Engine
from fuguemux.language.language import Parsed
from fuguemux.model import effects as ef
from fuguemux.model.decision import Refused
from fuguemux.model.ids import ClientId
from fuguemux.model.limits import ARGUMENT_BYTES_MAX
from fuguemux.options.aliases import resolved
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.requesters import text_of
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.control.clients import ControlClients
from fuguemux.server.control.lines import LineReader
from fuguemux.server.control.requester import ControlRequester
from fuguemux.server.control.stream import ControlStream
from fuguemux.server.requests.executor import Executor
from fuguemux.server.requests.long_texts import parsed_text
from fuguemux.server.work.waits import ServerEnds

LINES_MAX: Final = 1_000
BYTES_MAX: Final = 2 << 20
"""If more lines or bytes wait to be run, nothing is read from the client."""

Line = bytes | None
"""A line of input. None: it was too long."""


class Input:
    """The input of one client that is not run yet."""

    def __init__(self) -> None:
        self.reader = LineReader(ARGUMENT_BYTES_MAX)
        self.lines: deque[Line] = deque()
        self.bytes = 0
        self.ended = False
        self.runs = False
        self.is_paused = False


class ControlInput:
    """Belongs to the loop."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        viewers: Viewers,
        control: ControlClients,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        socket_path: bytes,
        show: Callable[[Viewer, str], None],
    ) -> None:
        """`show` shows a text in the pane that a client works in."""
        self._engine = engine
        self._executor = executor
        self._viewers = viewers
        self._control = control
        self._spawn = spawn
        self._socket_path = socket_path
        self._show = show
        self._inputs: dict[ClientId, Input] = {}

    def requester(
        self, connection: Connection, command: CommandMessage, *, typed: bool
    ) -> ControlRequester:
        """The requester of the client's first command, or of its lines (`typed`)."""
        stream = self._control.stream_of(connection.client)
        if stream is None:
            stream = self._control.stream(connection, command)
        return ControlRequester(
            connection,
            command,
            lambda: self._engine.state,
            self._socket_path,
            stream,
            lambda: self._viewers.get(connection.client),
            self._show,
            typed=typed,
        )

    def received(self, connection: Connection, data: bytes) -> None:
        """Bytes of the client's standard input; empty: its end."""
        waiting = self._inputs.setdefault(connection.client, Input())
        if not data:
            waiting.ended = True
        found = waiting.reader.feed(data)
        waiting.lines.extend(found)
        waiting.bytes += sum(len(line) for line in found if line)
        if len(waiting.lines) > LINES_MAX or waiting.bytes > BYTES_MAX:
            waiting.is_paused = True
            connection.pause_reading()
        self.go_on(connection)

    def go_on(self, connection: Connection) -> None:
        """Run what waits, if the client is attached and nothing runs. As in tmux, nothing runs before that."""
        waiting = self._inputs.get(connection.client)
        stream = self._control.stream_of(connection.client)
        if waiting is None or stream is None or not connection.is_attached:
            return
        if waiting.runs:
            if waiting.ended and stream.waiting:  # it does not wait for what a command waits for
                self._leave(connection)
        elif waiting.lines or waiting.ended:
            waiting.runs = True
            self._spawn(self._run(connection, stream, waiting))

    def closed(self, client: ClientId) -> None:
        """The connection is closed: what waits is not run."""
        waiting = self._inputs.pop(client, None)
        if waiting is not None:
            waiting.lines.clear()

    def _leave(self, connection: Connection) -> None:
        self._viewers.detach(ef.Detach(connection.client))

    async def _run(self, connection: Connection, stream: ControlStream, waiting: Input) -> None:
        assert connection.command is not None
        requester = self.requester(connection, connection.command, typed=True)
        stream.began_to_wait = partial(self.go_on, connection)
        try:
            while waiting.lines:
                # Lines that come meanwhile belong to the next batch, so that notifications have their turn.
                batch, waiting.lines, waiting.bytes = waiting.lines, deque(), 0
                if waiting.is_paused:
                    waiting.is_paused = False
                    connection.resume_reading()
                with stream.batch():
                    await self._run_batch(connection, requester, batch)
        except ServerEnds:
            return  # its end ends the client, too
        finally:
            waiting.runs = False
        if waiting.ended:
            self._leave(connection)

    async def _run_batch(
        self, connection: Connection, requester: ControlRequester, batch: deque[Line]
    ) -> None:
        for line in batch:
            if line == b"":  # an empty line detaches
                self._leave(connection)
                return
            if not connection.is_open:
                return
            if line is None:
                requester.stream.refuse("parse error: command too long")
            else:
                await self._run_line(requester, text_of(line))

    def _without_aliases(self, commands: list[Parsed]) -> list[Parsed]:
        """The commands that aliases stand for, each of which has a block of its own."""
        state = self._engine.state
        return [
            command._replace(argv=argv)
            for command in commands
            for argv in resolved(state, command.argv)
        ]

    async def _run_line(self, requester: ControlRequester, text: str) -> None:
        try:
            commands = await parsed_text(self._engine, text)
        except Refused as refusal:
            requester.stream.refuse(f"parse error: {refusal.told(as_tmux=requester.as_tmux)}")
            return
        if await self._executor.run_parsed(self._without_aliases(commands), requester):
            requester.stream.exit_code = 1
