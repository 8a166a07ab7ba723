"""The listener of one client's socket for tests, without a socket."""

import asyncio

from fuguemux.model.ids import ClientId
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.handler import Handler
from tests.support.fake_handler import FakeHandler


class FakeOwner:
    """A listener that admits every connection, or none, and runs nothing."""

    viewer_outbox_bytes_max = 4_000
    reconnect_seconds: int | None = None
    hello_seconds_max = 10.0

    def __init__(self, refusal: str = "") -> None:
        self.fake = FakeHandler()
        self.handler: Handler = self.fake
        self.told: list[str] = []
        self._refusal = refusal

    def admit(self, connection: Connection, transport: asyncio.Transport) -> str:
        return self._refusal

    def run(self, connection: Connection, command: CommandMessage) -> None:
        self.told.append("run")

    def answered(self, client: ClientId) -> None:
        self.told.append("answered")

    def forget(self, connection: Connection) -> None:
        self.told.append("forget")
