"""The connection of one client: what can be sent to it and requested from it. What it holds in memory is limited.

`client_socket.py` decodes the bytes from the client; `connection_state.py` has the states.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Final, Protocol, cast

from fuguemux import __version__
from fuguemux.model.ids import ClientId
from fuguemux.model.limits import VIEWER_OUTBOX_BYTES_MAX
from fuguemux.protocol import messages
from fuguemux.protocol.framing import message_bytes
from fuguemux.protocol.messages import CommandMessage, Detached, Hello
from fuguemux.server.clients.connection_state import ConnectionState, ConnectionStep, after, is_open
from fuguemux.server.clients.outbox import Outbox
from fuguemux.server.clients.terminals.asked_terminal import AskedTerminal

CHUNK_BYTES: Final = 256 << 10
"""A reply or a repaint travels in messages of at most this."""
REPLY_BYTES_MAX: Final = 256 << 20
"""How much a command that does not attach may leave unread. Its reader may be a pager that the user left open."""
TRANSPORT_BYTES_HIGH: Final = 256 << 10
FAREWELL_SECONDS_MAX: Final = 5.0
"""The time that a client has to read why it is dropped."""
STDIN_BYTES_MAX: Final = 64 << 20

assert VIEWER_OUTBOX_BYTES_MAX > TRANSPORT_BYTES_HIGH + CHUNK_BYTES


class ConnectionOwner(Protocol):
    """What a connection needs from the listener that made it."""

    viewer_outbox_bytes_max: int
    reconnect_seconds: int | None
    """How long attached clients try to reconnect. They are told when they attach. None: they use their own setting."""

    def answered(self, client: ClientId) -> None:
        """The client has its answer, or is attached now. Called more than once."""
        ...


class Connection:
    """The connection of a client. Sending never blocks and never fails: what cannot be delivered is dropped with the
    connection.

    An attached client is dropped with a message if its outbox is larger than `viewer_outbox_bytes_max`. That does not
    happen to a renderer that checks `congested` before it draws, and draws at `Handler.drained`.
    """

    def __init__(self, client: ClientId, owner: ConnectionOwner) -> None:
        self.client: Final = client
        self.command: CommandMessage | None = None
        self.state = ConnectionState.GREETING
        self._owner = owner
        self._transport: asyncio.Transport
        self._outbox = Outbox(lambda data: self._transport.write(data))
        self._gone = asyncio.Event()
        self._taken = asyncio.Event()
        self.terminal: Final = AskedTerminal(
            lambda: self._send(message_bytes(messages.TERMINAL_WANTED))
        )
        """What the client says of its terminal."""
        self._stdin: asyncio.Queue[bytes] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._when_gone: Callable[[], None] | None = None
        self._reason = "the client closed the connection"

    # What the server may request and send.

    @property
    def is_attached(self) -> bool:
        """Whether the client is attached."""
        return self.state is ConnectionState.ATTACHED

    @property
    def is_open(self) -> bool:
        """Whether anything that is sent may still arrive."""
        return is_open(self.state)

    @property
    def outbox_bytes(self) -> int:
        """Bytes that are sent and not yet handed to the kernel, without those in the transport's own small buffer."""
        return self._outbox.length

    @property
    def congested(self) -> bool:
        """Whether the client reads too slowly at this moment. `Handler.drained` reports the end of this."""
        return self._outbox.congested

    async def wait_gone(self) -> None:
        """Return when the connection is closed."""
        await self._gone.wait()

    def when_gone(self, told: Callable[[], None] | None) -> None:
        """Call `told` when the connection is closed, instead of an earlier such function. None: call nothing. If it
        is closed already, calls `told` at once."""
        self._when_gone = told
        if told is not None and self._gone.is_set():
            told()

    async def wait_taken(self) -> None:
        """Return when the client has received most of what was sent to it, or is gone."""
        while self.congested and self.is_open:
            self._taken.clear()
            await self._taken.wait()

    def stdout(self, data: bytes) -> None:
        """Send bytes for the client's stdout."""
        self._send_chunks(messages.STDOUT, data)

    def stderr(self, data: bytes) -> None:
        """Send bytes for the client's stderr."""
        self._send_chunks(messages.STDERR, data)

    def progress(self, text: str) -> None:
        """Send a line that says what the server is busy with; shown on a terminal, and only until something follows."""
        self._send(message_bytes(messages.PROGRESS, text.encode("utf-8", "replace")[:CHUNK_BYTES]))

    def exit(self, code: int) -> None:
        """End a command that does not attach. Closes when everything is sent."""
        self._send(messages.exit_with(code))
        self._leave("the command ended")

    def not_begun(self) -> None:
        """Send the client to the next server with its command. Closes once everything is sent."""
        self._send(message_bytes(messages.NOT_BEGUN))
        self._leave("the server ends")

    def go_on(self, words: Sequence[str]) -> None:
        """Send the client to the next server with `words` instead of its command. Closes when everything is sent."""
        self._send(messages.go_on([word.encode("utf-8", "surrogateescape") for word in words]))
        self._leave("the server ends")

    def attached(self, resume: bytes, enter: bytes = b"", leave: bytes = b"") -> None:
        """Attach the client. If the client has to connect again, `resume` is returned in `Command.resume`. `enter` and
        `leave` are what takes its terminal over and gives it back. Empty: what suits an xterm."""
        self._send(messages.attached(resume, enter, leave))
        if self._owner.reconnect_seconds is not None:
            self._send(messages.patience(self._owner.reconnect_seconds))
        if self.is_open:
            self._step(ConnectionStep.ATTACHED)
        self._owner.answered(self.client)

    def resume_as(self, resume: bytes) -> None:
        """Replace the token given to `attached`: the client looks at another session now."""
        self._send(message_bytes(messages.RESUME, resume))

    def control(self, data: bytes) -> None:
        """Send bytes for the stdout of a control client. The caller limits what waits."""
        self._send_chunks(messages.OUTPUT if self.is_attached else messages.STDOUT, data)

    def output(self, data: bytes) -> None:
        """Send bytes for the attached client's terminal; none for that of a control client, which shows no screen.

        Drops a client that has stopped reading."""
        if self.command is not None and self.command.control:
            return
        if self.is_open and self._outbox.length + len(data) > self._owner.viewer_outbox_bytes_max:
            self.drop("[detached: this terminal did not keep up; attach again]")
            return
        self._send_chunks(messages.OUTPUT, data)

    def detached(
        self,
        text: str,
        exit_code: int = 0,
        *,
        hang_up_parent: bool = False,
        wait: bool = False,
        shell: str = "",
        command: str = "",
    ) -> None:
        """Detach the client: it restores its terminal and prints `text`. Closes when everything is sent.

        `wait`: a control client first reads its input up to an empty line."""
        said = Detached(
            text,
            exit_code,
            hang_up_parent=hang_up_parent,
            wait=wait,
            shell=shell,
            command=command,
        )
        self._send(said.encode())
        self._leave("detached")

    def suspend(self) -> None:
        """Let the client stop itself."""
        self._send(message_bytes(messages.SUSPEND))

    def lock(self, command: bytes) -> None:
        """Let the client run a command on its terminal."""
        self._send(message_bytes(messages.LOCK, command))

    def drop(self, text: str) -> None:
        """Discard what is unsent, send the reason in one line, and close: at once if the client reads, else after a
        short time."""
        if not self.is_open:
            return
        self._outbox.clear()
        if self.is_attached:
            self._send(Detached(text, 1).encode())
        else:
            self.stderr(text.encode("utf-8", "replace") + b"\n")
            self._send(messages.exit_with(1))
        self._leave(text)

    async def read_stdin(self, bytes_max: int = STDIN_BYTES_MAX) -> bytes | None:
        """Return all of the client's stdin, or None if the client went away before its end.

        Raises ValueError if there is more than `bytes_max`. Waits until the writer at the other end has finished.
        """
        if self._stdin is not None:
            return b""
        self._stdin = asyncio.Queue()
        self._send(message_bytes(messages.STDIN_WANTED))
        if not self.is_open:
            return None
        parts: list[bytes] = []
        length = 0
        while part := await self._stdin.get():
            length += len(part)
            if length > bytes_max:
                raise ValueError(f"more than {bytes_max} bytes on standard input")
            parts.append(part)
        return None if self._gone.is_set() else b"".join(parts)

    def pause_reading(self) -> None:
        """Read nothing more from the client until `resume_reading`, because its input cannot be handled now."""
        if self.is_open:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Undo `pause_reading`."""
        if self.is_open:
            self._transport.resume_reading()

    def share(self) -> socket.socket | None:
        """Return a duplicate of the socket. It keeps the client waiting after this connection is closed. None: not
        possible."""
        if not self.is_open or self.congested:
            return None
        shared = self._transport.get_extra_info("socket")
        return None if shared is None else cast("socket.socket", shared.dup())

    def abort(self, reason: str) -> None:
        """Close at once and silently."""
        if self.state is not ConnectionState.CLOSED:
            self._reason = reason
            self._step(ConnectionStep.BROKEN)
            self._transport.abort()

    # What the client's socket reports.

    def opened(self, transport: asyncio.Transport) -> None:
        """The client has connected. Call it once, before anything else."""
        self._transport = transport

    def expect_command(self, seconds: float) -> None:
        """Close the connection if its greeting and command do not come within this time."""
        self._timer = asyncio.get_running_loop().call_later(
            seconds, self.abort, "no command came in time"
        )

    def refuse(self, text: str) -> None:
        """Tell the client instead of a greeting why it is refused, and close."""
        self._send(Hello(0, 0, text).encode())
        self._leave(text)

    def greeted(self, hello: Hello) -> None:
        """Answer the client's greeting with a version that both support, or with the reason why there is none, and
        close."""
        answer = messages.answer(hello, __version__)
        self._send(answer.encode())
        if answer.highest == 0:
            self._leave(answer.text)
        else:
            self.terminal.can_tell = answer.highest >= messages.TERMINAL_VERSION_MIN
            self._step(ConnectionStep.GREETED)

    def commanded(self, command: CommandMessage) -> None:
        """The client gave its command."""
        self.command = command
        self.terminal.commanded(command)
        self._step(ConnectionStep.COMMANDED)
        self._cancel_timer()

    def stdin_came(self, data: bytes) -> bool:
        """Take a piece of the client's stdin; empty: its end. Returns whether stdin was requested."""
        if self._stdin is None:
            return False
        self._stdin.put_nowait(data)
        return True

    def hung_up(self) -> None:
        """The client will send nothing more. Clients never close one direction only, so it is gone, and receives
        nothing more.

        Waiting messages are dropped as well: a transport that is closing must not be written to (Python 3.12 and 3.13
        never end it then).
        """
        if self.state is not ConnectionState.CLOSED:
            self._step(ConnectionStep.BROKEN)
            self._outbox.clear()

    def pause_sending(self) -> None:
        """The kernel takes no more for now."""
        self._outbox.pause()

    def resume_sending(self) -> bool:
        """Send what waited, and close if this was the last message. Returns whether the client, still served, has
        received everything."""
        if self._transport.is_closing():
            return False
        self._outbox.resume()
        self._taken.set()
        if self.congested:
            return False
        if self.state is ConnectionState.LEAVING:
            self._transport.close()
        return self.state in (ConnectionState.SERVING, ConnectionState.ATTACHED)

    def closed(self, error: Exception | None) -> str:
        """Report to all waiting tasks that the connection is closed. Returns the reason. Call it once, after
        everything else."""
        known = self.state is ConnectionState.LEAVING
        self._step(ConnectionStep.CLOSED)
        self._cancel_timer()
        self._outbox.clear()
        self._gone.set()
        self._taken.set()
        self.terminal.gone()
        if self._when_gone is not None:
            self._when_gone()
        if self._stdin is not None:
            self._stdin.put_nowait(b"")
        return self._reason if known or error is None else str(error)

    # Internals.

    def _step(self, step: ConnectionStep) -> None:
        self.state = after(self.state, step)

    def _send_chunks(self, kind: int, data: bytes) -> None:
        for at in range(0, len(data), CHUNK_BYTES):
            self._send(message_bytes(kind, data[at : at + CHUNK_BYTES]))

    def _send(self, data: bytes) -> None:
        if not self.is_open:
            return
        if self._outbox.length + len(data) > REPLY_BYTES_MAX:
            self.abort(f"the client left {self._outbox.length} bytes unread")
            return
        self._outbox.put(data)

    def _leave(self, reason: str) -> None:
        if not self.is_open:
            return
        answered = self.state is ConnectionState.SERVING
        self._step(ConnectionStep.LEFT)
        self._reason = reason
        self._cancel_timer()
        self._owner.answered(self.client)
        if not self.congested:
            self._transport.close()
        # A reply may wait for a pager. A last message does not wait long for its reader.
        is_control = self.command is not None and self.command.control  # its output is limited
        if not (answered or is_control):
            self._timer = asyncio.get_running_loop().call_later(
                FAREWELL_SECONDS_MAX, self._transport.abort
            )

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
