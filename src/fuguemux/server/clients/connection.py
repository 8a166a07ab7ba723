"""One client's connection: frames in, calls to a handler; calls from the server, frames out. Bounded in both directions."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Final, Literal, cast

from fuguemux import __version__
from fuguemux.model.ids import ClientId
from fuguemux.model.limits import (
    ENVIRONMENT_ENTRIES_MAX,
    MESSAGE_BYTES_MAX,
    VIEWER_OUTBOX_BYTES_MAX,
)
from fuguemux.protocol import framing, messages
from fuguemux.protocol.framing import Decoder, PeerBroke, frame
from fuguemux.protocol.messages import CommandMessage, Detached, Hello
from fuguemux.server.clients.handler import Owner
from fuguemux.server.clients.outbox import Outbox

assert framing.PAYLOAD_BYTES_MAX == MESSAGE_BYTES_MAX, "the thin client knows the same limit"
assert messages.ENVIRONMENT_ENTRIES_MAX == ENVIRONMENT_ENTRIES_MAX, (
    "the thin client knows the same limit"
)

CHUNK_BYTES: Final = 256 << 10
"""A reply or a repaint travels in frames of at most this."""
AFTER_COMMAND_BYTES_MAX: Final = 256 << 10
"""One frame from a client after its command: keys and pieces of stdin need no more."""
REPLY_BYTES_MAX: Final = 256 << 20
"""What a command that does not attach may leave unread; its reader may be a pager that somebody left open."""
TRANSPORT_BYTES_HIGH: Final = 256 << 10
FAREWELL_SECONDS_MAX: Final = 5.0
"""A client that is told why it is dropped has this long to read it."""
STDIN_BYTES_MAX: Final = 64 << 20

assert VIEWER_OUTBOX_BYTES_MAX > TRANSPORT_BYTES_HIGH + CHUNK_BYTES

State = Literal["greeting", "asking", "serving", "leaving", "closed"]


class Connection(asyncio.Protocol):
    """A client. Sending never blocks and never fails: what cannot be delivered is dropped with the connection.

    While attached, an outbox over `Owner.viewer_outbox_bytes_max` drops the client with a message. A renderer that looks at
    `congested` before it draws, and draws at `Handler.drained`, never gets there.
    """

    def __init__(self, client: ClientId, owner: Owner) -> None:
        self.client: Final = client
        self.command: CommandMessage | None = None
        self.session_data: object = None
        """Free for the handler: what it keeps for this client."""
        self._owner = owner
        self._state: State = "greeting"
        self._attached = False
        self._decoder = Decoder()
        self._outbox = Outbox(lambda data: self._transport.write(data))
        self._stdin: asyncio.Queue[bytes] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._when_gone: Callable[[], None] | None = None
        self._reason = "the client closed the connection"

    # What the server may ask and tell.

    @property
    def is_attached(self) -> bool:
        """Whether the client's terminal is ours."""
        return self._attached and self._state == "serving"

    @property
    def is_open(self) -> bool:
        """Whether anything sent still has a chance to arrive."""
        return self._state not in ("leaving", "closed")

    @property
    def outbox_bytes(self) -> int:
        """Bytes sent and not yet handed to the kernel, without those in the transport's own small buffer."""
        return self._outbox.length

    @property
    def congested(self) -> bool:
        """Whether the client does not read fast enough just now; `Handler.drained` tells the end of it."""
        return self._outbox.congested

    async def wait_gone(self) -> None:
        """Return when the connection is closed."""
        await self._gone.wait()

    def when_gone(self, told: Callable[[], None] | None) -> None:
        """Call `told` when the connection is closed, in place of another one; None: nobody. At once if it is closed."""
        self._when_gone = told
        if told is not None and self._gone.is_set():
            told()

    async def wait_taken(self) -> None:
        """Return when the client has taken what was sent to it, at least nearly, or is gone."""
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
        self._send(frame(messages.PROGRESS, text.encode("utf-8", "replace")[:CHUNK_BYTES]))

    def exit(self, code: int) -> None:
        """End a command that does not attach. Closes once everything is sent."""
        self._send(messages.exit_with(code))
        self._leave("the command ended")

    def not_begun(self) -> None:
        """Send the client to the next server with its command. Closes once everything is sent."""
        self._send(frame(messages.NOT_BEGUN))
        self._leave("the server ends")

    def go_on(self, words: Sequence[str]) -> None:
        """Send the client to the next server with `words` in place of its command. Closes once everything is sent."""
        self._send(messages.go_on([word.encode("utf-8", "surrogateescape") for word in words]))
        self._leave("the server ends")

    def attached(self, resume: bytes) -> None:
        """Take the client's terminal over. `resume` comes back in `Command.resume` if the client has to connect anew."""
        self._send(messages.attached(resume))
        if self._owner.reconnect_seconds is not None:
            self._send(messages.patience(self._owner.reconnect_seconds))
        self._attached = True
        self._owner.answered(self)

    def resume_as(self, resume: bytes) -> None:
        """Replace the token given to `attached`: the client looks at another session now."""
        self._send(frame(messages.RESUME, resume))

    def output(self, data: bytes) -> None:
        """Send bytes for the attached client's terminal. Drops a client that has stopped reading."""
        if self.is_open and self._outbox.length + len(data) > self._owner.viewer_outbox_bytes_max:
            self.drop("[detached: this terminal did not keep up; attach again]")
            return
        self._send_chunks(messages.OUTPUT, data)

    def suspend(self) -> None:
        """Ask the attached client to stop itself, as `suspend-client`."""
        self._send(frame(messages.SUSPEND))

    def detached(self, text: str, exit_code: int = 0, *, hang_up_parent: bool = False) -> None:
        """Let the client go: it restores its terminal and prints `text`. Closes once everything is sent."""
        self._send(Detached(text, exit_code, hang_up_parent=hang_up_parent).encode())
        self._leave("detached")

    def drop(self, text: str) -> None:
        """Throw away what is unsent, say why in one line, and close: at once if the client reads, else soon."""
        if not self.is_open:
            return
        self._outbox.clear()
        if self._attached:
            self._send(Detached(text, 1).encode())
        else:
            self.stderr(text.encode("utf-8", "replace") + b"\n")
            self._send(messages.exit_with(1))
        self._leave(text)

    async def read_stdin(self, bytes_max: int = STDIN_BYTES_MAX) -> bytes | None:
        """Return all of the client's stdin, or None when the client went away before its end.

        Raises ValueError when there is more than `bytes_max`. Waits as long as the writer on the other side takes.
        """
        if self._stdin is not None:
            return b""
        self._stdin = asyncio.Queue()
        self._send(frame(messages.STDIN_WANTED))
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
        """Take nothing more from the client until `resume_reading`: its input has nowhere to go."""
        if self.is_open:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Undo `pause_reading`."""
        if self.is_open:
            self._transport.resume_reading()

    def share(self) -> socket.socket | None:
        """Return a duplicate of the socket, which keeps the client waiting when this connection is closed."""
        if not self.is_open or self.congested:
            return None
        shared = self._transport.get_extra_info("socket")
        return None if shared is None else cast("socket.socket", shared.dup())

    def abort(self, reason: str) -> None:
        """Close at once and silently."""
        if self._state != "closed":
            self._reason = reason
            self._state = "leaving"
            self._transport.abort()

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet nobody before the client did; refuse strangers and the one too many."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._gone = asyncio.Event()
        self._taken = asyncio.Event()
        transport.set_write_buffer_limits(high=TRANSPORT_BYTES_HIGH, low=0)
        loop = asyncio.get_running_loop()
        refusal = self._owner.admit(self, transport)
        if refusal:
            self._send(Hello(0, 0, refusal).encode())
            self._leave(refusal)
            return
        self._timer = loop.call_later(
            self._owner.hello_seconds_max, self.abort, "no command came in time"
        )

    def data_received(self, data: bytes) -> None:
        """Decode and pass on. Whatever is no message ends this connection only."""
        if not self.is_open:
            return
        try:
            self._decoder.receive(data)
            while (found := self._decoder.next_frame()) is not None:
                self._take(*found)
        except PeerBroke as broke:
            self._break(str(broke))

    def eof_received(self) -> bool:
        """The client will send nothing more; nobody half-closes here, so it is gone, and nothing more is for it.

        Not even what waits: a transport that is closing must not be written to (Python 3.12 and 3.13 never end it then).
        """
        if self._state != "closed":
            self._state = "leaving"
            self._outbox.clear()
        return False

    def pause_writing(self) -> None:
        """The kernel takes no more for now."""
        self._outbox.pause()

    def resume_writing(self) -> None:
        """The transport's buffer is empty: go on at the next turn, for the transport is in the middle of its own work.

        asyncio looks at its buffer after this call, and ends a transport that was closed or broke meanwhile a second time.
        """
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        """Hand over what waited, or close if nothing more is to come."""
        if self._transport.is_closing():
            return
        self._outbox.resume()
        self._taken.set()
        if not self.congested:
            if self._state == "leaving":
                self._transport.close()
            elif self._state == "serving":
                self._owner.handler.drained(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell everybody who waits, once."""
        known = self._state == "leaving"
        delivered = self.command is not None
        self._state = "closed"
        self._cancel_timer()
        self._outbox.clear()
        self._gone.set()
        self._taken.set()
        if self._when_gone is not None:
            self._when_gone()
        if self._stdin is not None:
            self._stdin.put_nowait(b"")
        self._owner.forget(self)
        if delivered:
            self._owner.handler.closed(self, self._reason if known or error is None else str(error))

    # How it is done.

    def _take(self, kind: int, payload: bytes) -> None:
        if self._state == "greeting":
            self._greet(Hello.decode(payload))
        elif self._state == "asking":
            if kind != messages.COMMAND:
                raise PeerBroke(f"message kind {kind} before a command")
            self.command = CommandMessage.decode(payload)
            self._state = "serving"
            self._decoder.payload_bytes_max = AFTER_COMMAND_BYTES_MAX
            self._cancel_timer()
            self._owner.run(self, self.command)
        elif self._state == "leaving":
            return
        elif take := _TAKERS.get(kind):
            take(self, payload)
        elif not kind & framing.IGNORABLE:
            raise PeerBroke(f"unexpected message kind {kind}")

    def _greet(self, hello: Hello) -> None:
        greeting = messages.answer(hello, __version__)
        self._send(greeting.encode())
        if greeting.highest == 0:
            self._leave(greeting.text)
        else:
            self._state = "asking"

    def _take_stdin(self, payload: bytes) -> None:
        if self._stdin is None:
            raise PeerBroke("standard input that nobody asked for")
        self._stdin.put_nowait(payload)

    def _take_input(self, payload: bytes) -> None:
        if self._attached:
            self._owner.handler.input(self, payload)

    def _take_resize(self, payload: bytes) -> None:
        self._owner.handler.resized(self, *messages.decode_size(payload))

    def _take_detach(self, payload: bytes) -> None:
        self.abort(payload.decode("utf-8", "replace")[:256] or "the client left")

    def _take_suspended(self, _payload: bytes) -> None:
        self._owner.handler.suspended(self)

    def _take_woken(self, payload: bytes) -> None:
        self._owner.handler.woken(self, *messages.decode_size(payload))

    def _break(self, text: str) -> None:
        if self._state == "greeting":  # not one of ours: it would not understand an answer
            self.abort(text)
        else:
            self.drop(f"protocol error: {text}")

    def _send_chunks(self, kind: int, data: bytes) -> None:
        for at in range(0, len(data), CHUNK_BYTES):
            self._send(frame(kind, data[at : at + CHUNK_BYTES]))

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
        self._state = "leaving"
        self._reason = reason
        self._cancel_timer()
        self._owner.answered(self)
        if not self.congested:
            self._transport.close()
        if self._attached or self.command is None:
            self._timer = asyncio.get_running_loop().call_later(
                FAREWELL_SECONDS_MAX, self._transport.abort
            )

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


_TAKERS: Final[dict[int, Callable[[Connection, bytes], None]]] = {
    messages.STDIN: Connection._take_stdin,
    messages.INPUT: Connection._take_input,
    messages.RESIZE: Connection._take_resize,
    messages.DETACH: Connection._take_detach,
    messages.SUSPENDED: Connection._take_suspended,
    messages.WOKEN: Connection._take_woken,
}
