"""Waits of commands whose end is not known: for a channel, a shell command, a moment, a client's input.

All of them are ended here when the server ends. So no command delays the end of the server, and the caller's answer is
decided in one place, by the fields of `ServerEnds`.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class ServerEnds(Exception):
    """The server ends while a command is waiting. The rest of the command, and of its command line, is not run.

    The message is for the requester's stderr, with exit code 1. Without a message the exit code is 0, as tmux does for
    clients that wait for a channel.
    """

    def __init__(self, text: str, *, again: bool = False) -> None:
        super().__init__(text)
        self.again = again
        """Whether the next server follows at once, so that the client can wait there."""
        self.left: list[tuple[str, ...]] = []
        """With `again`: the remaining commands of the line, as far as they are the requester's own words."""


class Waits:
    """All waits. Belongs to the loop."""

    def __init__(self) -> None:
        self._limits: set[asyncio.Timeout] = set()
        self._over = False
        self._restarts = False

    async def until_end(
        self, work: Coroutine[Any, Any, Result], text: str, *, repeatable: bool = False
    ) -> Result:
        """Return the result of `work`. If the server ends first, cancels `work` and raises ServerEnds with `text`.

        `repeatable`: the same wait can be repeated at another server.
        """
        if self._over:
            work.close()
            raise self._ends(text, repeatable)
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._limits.add(limit)
                return await work
        except TimeoutError:
            if not limit.expired():
                raise
            raise self._ends(text, repeatable) from None
        finally:
            self._limits.discard(limit)

    def end(self, *, restarts: bool) -> None:
        """End all waits for good. With `restarts` another server follows at once."""
        if self._over:
            return
        self._over, self._restarts = True, restarts
        now = asyncio.get_running_loop().time()
        for limit in self._limits:
            limit.reschedule(now)

    def _ends(self, text: str, repeatable: bool) -> ServerEnds:
        again = repeatable and self._restarts
        return ServerEnds("" if repeatable else text, again=again)
