"""What a client's socket calls when messages arrive: the handler of commands and keys, and the listener that owns the
socket."""

import asyncio
from typing import Protocol

from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection, ConnectionOwner


class Handler(Protocol):
    """Handles the messages of a connection. Called on the event loop; the plain functions must not block."""

    async def command(self, connection: Connection, command: CommandMessage) -> None:
        """Carry out the only command of this connection. It ends in `exit`, in `attached`, or in `detached`.

        Runs as a task of the listener's group, so an exception ends the server. It is not cancelled when the client
        goes away, because a half-made change is worse than a reply without a reader. Long waits use
        `Connection.when_gone`.
        """
        ...

    def input(self, connection: Connection, data: bytes) -> None:
        """Raw bytes from an attached client's terminal."""
        ...

    def resized(self, connection: Connection, columns: int, rows: int) -> None:
        """The client's terminal has a new size."""
        ...

    def suspended(self, connection: Connection) -> None:
        """The client was stopped (SIGTSTP): send it no output until `woken`."""
        ...

    def woken(self, connection: Connection, columns: int, rows: int) -> None:
        """The client runs again and its screen is empty: draw everything."""
        ...

    def drained(self, connection: Connection) -> None:
        """The kernel has taken everything that was sent, after it had refused more: `congested` is False again."""
        ...

    def closed(self, connection: Connection, reason: str) -> None:
        """The connection is closed. Called exactly once, after everything else, for a connection whose command was
        delivered."""
        ...


class SocketOwner(ConnectionOwner, Protocol):
    """What a client's socket needs from its listener."""

    handler: Handler
    hello_seconds_max: float

    def admit(self, connection: Connection, transport: asyncio.Transport) -> str:
        """Return why this connection is refused. Empty: it is not."""
        ...

    def run(self, connection: Connection, command: CommandMessage) -> None:
        """Start the task that carries out `command`."""
        ...

    def forget(self, connection: Connection) -> None: ...
