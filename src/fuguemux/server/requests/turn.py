"""The turn of commands: one command runs at a time, unless it waits for something outside. A requester that waits
long is told why.

A keeper that is stopped, or a disk that takes seconds, must not look like a hung program, and must not delay commands
that need neither. Nothing here gives up by itself: work that takes long is reported, and continues.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, Protocol, TypeVar

Result = TypeVar("Result")

ASIDE_SECONDS: Final = 0.25
"""How long other commands wait for an effect. Nearly all effects take a few milliseconds, so the order of commands is
kept."""
SAY_SECONDS: Final = 3.0
"""After this time the requester is told what the command waits for."""

CLIENT: Final = "the client"
DISK: Final = "the disk to confirm the change"
FILES: Final = "files to be read"
OTHERS: Final = "a command before it"


class TurnRequester(Protocol):
    """The requester of a command."""

    def waits(self, text: str) -> None:
        """The command waits for something outside. `text` is one line without a newline."""
        ...

    def if_gone(self, give_up: Callable[[], None]) -> None:
        """Call `give_up` if the requester no longer waits for the command."""
        ...

    def done(self) -> None:
        """The command has stopped waiting."""
        ...


class TurnGivenUp(Exception):
    """The requester no longer waits for the command, whose name is the message. The command is not started."""


class Turn:
    """Belongs to the loop's thread."""

    def __init__(
        self, *, aside_seconds: float = ASIDE_SECONDS, say_seconds: float = SAY_SECONDS
    ) -> None:
        self._lock = asyncio.Lock()
        self._aside_seconds = aside_seconds
        self._say_seconds = say_seconds

    @asynccontextmanager
    async def of(self, requester: TurnRequester) -> AsyncIterator[None]:
        """While the context lasts, this command has the turn, except during work that it awaits with `aside`."""
        if self._lock.locked():
            with self.saying(requester, lambda: OTHERS):
                await self._lock.acquire()
        else:
            await self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    async def aside(
        self,
        work: Coroutine[Any, Any, Result],
        requester: TurnRequester,
        what: Callable[[], str],
        give_up: Callable[[], None],
    ) -> Result:
        """Await `work` for the command that has the turn. If it takes long, other commands get the turn meanwhile.

        The state may have changed afterwards. `what` names the thing that is awaited, in words that follow "waiting
        for".

        `give_up` ends `work` if a requester that was told of the wait goes away. Otherwise the work could
        still take effect after the user gave up or was told that it failed.
        """
        loop = asyncio.get_running_loop()
        given_up = False

        def let_others() -> None:
            nonlocal given_up
            given_up = True
            self._lock.release()

        timer = loop.call_later(self._aside_seconds, let_others)
        leaving = loop.call_later(self._say_seconds, requester.if_gone, give_up)
        try:
            with self.saying(requester, what):
                return await work
        finally:
            timer.cancel()
            leaving.cancel()
            requester.done()
            if given_up:
                await self._regain()

    async def _regain(self) -> None:
        """Get the turn back, even if cancelled meanwhile: `of` releases it in any case, and must not release another
        command's turn."""
        cancelled: asyncio.CancelledError | None = None
        while True:
            try:
                await self._lock.acquire()
                break
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    async def left(
        self, work: Coroutine[Any, Any, Result], requester: TurnRequester, what: str, command: str
    ) -> Result:
        """Await `work` for a command that has not started and has no turn. Raises TurnGivenUp if the requester goes away."""
        loop = asyncio.get_running_loop()
        limit = asyncio.timeout(None)

        def give_up() -> None:
            limit.reschedule(loop.time())

        leaving = loop.call_later(self._say_seconds, requester.if_gone, give_up)
        try:
            async with limit:
                with self.saying(requester, lambda: what):
                    return await work
        except TimeoutError:
            if not limit.expired():
                raise
            raise TurnGivenUp(command) from None
        finally:
            leaving.cancel()
            requester.done()

    async def told(
        self, work: Coroutine[Any, Any, Result], requester: TurnRequester, what: str
    ) -> Result:
        """Await `work`, which needs no turn."""
        with self.saying(requester, lambda: what):
            return await work

    @contextmanager
    def saying(self, requester: TurnRequester, what: Callable[[], str]) -> Iterator[None]:
        """Tell `requester` what is awaited, if the context lasts long."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(
            self._say_seconds, lambda: requester.waits(f"fugue: waiting for {what()}…")
        )
        try:
            yield
        finally:
            timer.cancel()
