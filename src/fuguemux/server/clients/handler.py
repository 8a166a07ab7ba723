"""Whom a client's socket tells what the client says: the handler of commands and keys, and the listener that owns it."""

import asyncio
from typing import Protocol

from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection, ConnectionOwner


class Handler(Protocol):
    """What the server does with a connection. Called on the event loop; the plain functions must not block."""

    async def command(self, connection: Connection, command: CommandMessage) -> None:
        """Carry out the one command of this connection. It ends in `exit`, in `attached`, or in `detached`.

        Runs as a task of the listener's group, so an exception ends the server. It is not cancelled when the client goes
        away (a change half made is worse than a reply nobody reads): long waits watch `Connection.when_gone`.
        """
        ...

    def input(self, connection: Connection, data: bytes) -> None:
        """Raw bytes from an attached client's terminal."""
        ...

    def resized(self, connection: Connection, columns: int, rows: int) -> None:
        """The client's terminal has another size."""
        ...

    def suspended(self, connection: Connection) -> None:
        """The client was stopped (SIGTSTP): send it no output until `woken`."""
        ...

    def woken(self, connection: Connection, columns: int, rows: int) -> None:
        """The client runs again and its screen is empty: draw everything."""
        ...

    def drained(self, connection: Connection) -> None:
        """Everything sent was taken by the kernel after it could not be: `congested` is False again."""
        ...

    def closed(self, connection: Connection, reason: str) -> None:
        """The connection is gone. Called exactly once, for a connection whose command was delivered, and last of all."""
        ...


class SocketOwner(ConnectionOwner, Protocol):
    """What a client's socket needs of its listener."""

    handler: Handler
    hello_seconds_max: float

    def admit(self, connection: Connection, transport: asyncio.Transport) -> str:
        """Return why this connection is refused; empty when it is not."""
        ...

    def run(self, connection: Connection, command: CommandMessage) -> None:
        """Start the task that carries `command` out."""
        ...

    def forget(self, connection: Connection) -> None: ...
