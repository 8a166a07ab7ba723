"""The words that all rooms of the server share: who asks, what came of it, and how a request or a start may fail.

This is the lowest module of the server: it imports nothing from the rooms.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from fuguemux.keeper.protocol import EXIT_CANNOT_START
from fuguemux.model.decision import Request
from fuguemux.model.ids import ClientId

Words = tuple[str, ...]
"""A command with its arguments."""


class Requester(Protocol):
    """Who asks, and where the answer goes: a connection, a key of an attached client, a file of commands."""

    client: ClientId

    def request(self, argv: Words) -> Request:
        """The command with everything it may want to know of the requester, as of now."""
        ...

    def stdout(self, data: bytes) -> None: ...

    def stderr(self, data: bytes) -> None: ...

    def waits(self, text: str) -> None:
        """The command waits for something outside; `text` says for what. It goes on by itself."""
        ...

    def if_gone(self, give_up: Callable[[], None]) -> None:
        """Call `give_up` when nobody waits for the command any more, until `done`."""
        ...

    def done(self) -> None: ...


class EffectResult(NamedTuple):
    """What came of an effect that took long: bytes for the requester's stdout, and the exit code it leaves behind.

    The code does not keep later commands from running: it is that of a shell command, not a refusal."""

    stdout: bytes = b""
    exit_code: int = 0


class EffectFailed(Exception):
    """An effect could not be done (a process did not start): shown to the requester; what was logged stays."""


class ServerEnding(Exception):
    """The server was told to end before the request was begun: it is for the next one."""


class NotDurable(Exception):
    """The change is made and kept in memory, but the disk refuses to make it durable."""


class CannotStart(Exception):
    """The server does not start; the message is one line for the person. Nothing was changed."""

    exit_code = EXIT_CANNOT_START
