"""What commands wait for and nobody knows when it comes: a channel, a shell command, a moment, a client's input.

All of it is ended here when the server ends. So no command keeps the server from ending, and what its caller is told is
decided in one place: by the fields of `ServerEnds`.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class ServerEnds(Exception):
    """The server ends before what a command waits for came. Nothing more of the command happens, nor of its line.

    The message is for the requester's stderr, and its exit code is 1; without one the exit code is 0, as tmux leaves those
    who wait for a channel.
    """

    def __init__(self, text: str, *, again: bool = False) -> None:
        super().__init__(text)
        self.again = again
        """The next server follows at once, and can wait instead."""
        self.left: list[tuple[str, ...]] = []
        """With `again`: the commands of the line that are not done, as far as they are the requester's own words."""


class Waits:
    """Belongs to the loop."""

    def __init__(self) -> None:
        self._limits: set[asyncio.Timeout] = set()
        self._over = False
        self._restarts = False

    async def until_end(
        self, work: Coroutine[Any, Any, Result], text: str, *, repeatable: bool = False
    ) -> Result:
        """What `work` returns. Raises ServerEnds with `text`, and has cancelled `work`, if the server ends before it.

        `repeatable`: the same may be waited for at another server.
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
        """The server ends, once and for all; with `restarts` another one follows at once."""
        if self._over:
            return
        self._over, self._restarts = True, restarts
        now = asyncio.get_running_loop().time()
        for limit in self._limits:
            limit.reschedule(now)

    def _ends(self, text: str, repeatable: bool) -> ServerEnds:
        again = repeatable and self._restarts
        return ServerEnds("" if repeatable else text, again=again)
