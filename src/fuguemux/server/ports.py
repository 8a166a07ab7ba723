"""The types that all rooms of the server share: who makes a request, its result, and how a request or a start may fail.

This is the lowest module of the server: it imports nothing from the rooms.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from fuguemux.keeper.protocol import EXIT_CANNOT_START
from fuguemux.model.decision import Request
from fuguemux.model.ids import ClientId

Words = tuple[str, ...]
"""A command with its arguments."""


class Requester(Protocol):
    """The source of a command and the receiver of its reply: a connection, a key of an attached client, or a file of
    commands.
    """

    client: ClientId

    def request(self, argv: Words) -> Request:
        """Return the command with all facts of the requester that it may need, as of now."""
        ...

    def stdout(self, data: bytes) -> None: ...

    def stderr(self, data: bytes) -> None: ...

    def waits(self, text: str) -> None:
        """Report that the command waits for something outside, named by `text`. The wait may end at any time."""
        ...

    def if_gone(self, give_up: Callable[[], None]) -> None:
        """Call `give_up` if the requester goes away while the command waits. `done` ends this."""
        ...

    def done(self) -> None: ...


class ReplyBlock(Protocol):
    """What one command prints, kept together for a requester that is a program (control mode)."""

    def end(self, *, failed: bool = False) -> None:
        """The command has printed everything that belongs to it. Later calls do nothing."""
        ...

    def waits(self) -> AbstractContextManager[None]:
        """While the context lasts, the command waits for something outside. Its block has ended."""
        ...


def begun_block(requester: Requester) -> ReplyBlock | None:
    """Begin the block of the next command, in the task that runs it. None: the requester keeps no blocks, which those do that
    have a method `block`.
    """
    begin: Callable[[], ReplyBlock | None] | None = getattr(requester, "block", None)
    return None if begin is None else begin()


async def described_terminal(requester: Requester) -> None:
    """Return when the requester's client has said what its terminal can do. Requesters that have such a client have a
    method `described`.
    """
    described: Callable[[], Awaitable[None]] | None = getattr(requester, "described", None)
    if described is not None:
        await described()


class EffectResult(NamedTuple):
    """The result of an effect that took long: bytes for the requester's stdout, and an exit code.

    The code is that of a shell command, not a refusal, so it does not prevent later commands.
    """

    stdout: bytes = b""
    exit_code: int = 0


class EffectFailed(Exception):
    """An effect could not be carried out; for example, a process did not start. The requester is told. Events stay
    logged."""


class ServerEnding(Exception):
    """The server was told to end before it began the request. The request is for the next server."""


class NotDurable(Exception):
    """The change is made and kept in memory, but the disk does not make it durable."""


class CannotStart(Exception):
    """The server does not start. The message is one line for people. Nothing has changed."""

    exit_code = EXIT_CANNOT_START
