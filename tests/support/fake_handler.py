"""A handler for connections that records its calls, and carries out a few commands of its own."""

import asyncio
from collections.abc import Awaitable, Callable

from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection

Script = Callable[[Connection, CommandMessage], Awaitable[None]]


async def echo(connection: Connection, command: CommandMessage) -> None:
    """Send the words back and end with code 0."""
    connection.stdout(b" ".join(command.argv) + b"\n")
    connection.exit(0)


async def take_terminal(connection: Connection, command: CommandMessage) -> None:
    """Attach at once."""
    connection.attached(command.resume or b"$1")


class FakeHandler:
    """Runs `script` for every command. `told` lists the other calls in order."""

    def __init__(self, script: Script = echo) -> None:
        self.script = script
        self.told: list[tuple[object, ...]] = []
        self.connections: list[Connection] = []
        self.changed = asyncio.Event()

    async def command(self, connection: Connection, command: CommandMessage) -> None:
        self.connections.append(connection)
        self._tell("command", command)
        await self.script(connection, command)

    def input(self, connection: Connection, data: bytes) -> None:
        self._tell("input", data)

    def resized(self, connection: Connection, columns: int, rows: int) -> None:
        self._tell("resized", columns, rows)

    def suspended(self, connection: Connection) -> None:
        self._tell("suspended")

    def woken(self, connection: Connection, columns: int, rows: int) -> None:
        self._tell("woken", columns, rows)

    def drained(self, connection: Connection) -> None:
        self._tell("drained")

    def closed(self, connection: Connection, reason: str) -> None:
        self._tell("closed", reason)

    def _tell(self, *what: object) -> None:
        self.told.append(what)
        self.changed.set()

    def count(self, what: str) -> int:
        """How many times this call was made."""
        return sum(one[0] == what for one in self.told)

    async def until(self, what: str, times: int = 1) -> None:
        """Wait until `what` was called this many times."""
        async with asyncio.timeout(20):
            while self.count(what) < times:
                self.changed.clear()
                await self.changed.wait()
