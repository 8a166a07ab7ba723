"""The socket of one client: decodes the client's messages, and passes them on to its connection, the listener and the
handler."""

import asyncio
from typing import Final, assert_never

from fuguemux.model.ids import ClientId
from fuguemux.model.limits import ENVIRONMENT_ENTRIES_MAX, MESSAGE_BYTES_MAX
from fuguemux.protocol import framing, messages
from fuguemux.protocol.framing import Decoder, PeerBroke
from fuguemux.protocol.messages import CommandMessage, Hello
from fuguemux.protocol.terminals import TerminalMessage
from fuguemux.server.clients.connection import TRANSPORT_BYTES_HIGH, Connection
from fuguemux.server.clients.connection_state import ConnectionState
from fuguemux.server.clients.handler import SocketOwner

assert framing.PAYLOAD_BYTES_MAX == MESSAGE_BYTES_MAX, "the thin client knows the same limit"
assert messages.ENVIRONMENT_ENTRIES_MAX == ENVIRONMENT_ENTRIES_MAX, (
    "the thin client knows the same limit"
)

AFTER_COMMAND_BYTES_MAX: Final = 256 << 10
"""One message from a client after its command: keys and pieces of stdin need no more."""


class ClientSocket(asyncio.Protocol):
    """The asyncio protocol of one client. Bytes that are no message end this connection only."""

    def __init__(self, client: ClientId, owner: SocketOwner) -> None:
        self.connection: Final = Connection(client, owner)
        self._owner = owner
        self._decoder = Decoder()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the client's greeting. Refuse other users, and connections over the limit."""
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=TRANSPORT_BYTES_HIGH, low=0)
        self.connection.opened(transport)
        refusal = self._owner.admit(self.connection, transport)
        if refusal:
            self.connection.refuse(refusal)
        else:
            self.connection.expect_command(self._owner.hello_seconds_max)

    def data_received(self, data: bytes) -> None:
        """Decode messages and pass them on."""
        if not self.connection.is_open:
            return
        try:
            self._decoder.receive(data)
            while (found := self._decoder.next_message()) is not None:
                self._take(*found)
        except PeerBroke as broke:
            self._break(str(broke))

    def eof_received(self) -> bool:
        """The client is gone. Returns False, so that asyncio closes the transport."""
        self.connection.hung_up()
        return False

    def pause_writing(self) -> None:
        """The kernel takes no more for now."""
        self.connection.pause_sending()

    def resume_writing(self) -> None:
        """The transport's buffer is empty: send more in the next turn of the loop, because asyncio is still changing
        the transport.

        asyncio looks at its buffer after this call. It would end a transport that was closed or broke in this call a
        second time.
        """
        asyncio.get_running_loop().call_soon(self._resume)

    def _resume(self) -> None:
        if self.connection.resume_sending():
            self._owner.handler.drained(self.connection)

    def connection_lost(self, error: Exception | None) -> None:
        """Report the end to the connection, the listener, and the handler if it had the command."""
        reason = self.connection.closed(error)
        self._owner.forget(self.connection)
        if self.connection.command is not None:
            self._owner.handler.closed(self.connection, reason)

    def _take(self, kind: int, payload: bytes) -> None:
        match self.connection.state:
            case ConnectionState.GREETING:
                self.connection.greeted(Hello.decode(payload))
            case ConnectionState.ASKING:
                self._take_command(kind, payload)
            case ConnectionState.SERVING | ConnectionState.ATTACHED:
                self._take_served(kind, payload)
            case ConnectionState.LEAVING | ConnectionState.CLOSED:
                pass  # the last message is sent, so further messages of the client do not matter
            case _:
                assert_never(self.connection.state)

    def _take_command(self, kind: int, payload: bytes) -> None:
        if kind != messages.COMMAND:
            raise PeerBroke(f"message kind {kind} before a command")
        command = CommandMessage.decode(payload)
        self.connection.commanded(command)
        self._decoder.payload_bytes_max = AFTER_COMMAND_BYTES_MAX
        self._owner.run(self.connection, command)

    def _take_served(self, kind: int, payload: bytes) -> None:
        connection, handler = self.connection, self._owner.handler
        match kind:
            case messages.STDIN:
                if not connection.stdin_came(payload):
                    raise PeerBroke("standard input that was not requested")
            case messages.INPUT:
                if connection.is_attached or (connection.command and connection.command.control):
                    handler.input(connection, payload)
            case messages.RESIZE:
                handler.resized(connection, *messages.decode_size(payload))
            case messages.DETACH:
                connection.abort(payload.decode("utf-8", "replace")[:256] or "the client left")
            case messages.SUSPENDED:
                handler.suspended(connection)
            case messages.TERMINAL:
                connection.terminal.told(TerminalMessage.decode(payload))
            case messages.WOKEN:
                handler.woken(connection, *messages.decode_size(payload))
            case _:
                if not kind & framing.IGNORABLE:
                    raise PeerBroke(f"unexpected message kind {kind}")

    def _break(self, text: str) -> None:
        if (
            self.connection.state is ConnectionState.GREETING
        ):  # the other end is no fugue client: it would not understand an answer
            self.connection.abort(text)
        else:
            self.connection.drop(f"protocol error: {text}")
