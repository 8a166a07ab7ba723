"""Background tasks that run for as long as the server serves."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from fuguemux.observe.diagnostics import channel
from fuguemux.server.work import threads
from fuguemux.server.work.waits import ServerEnds

diagnostics = channel("server")


class Background:
    """Tasks of the server's task group that no code waits for."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> object:
        """Run a coroutine in the background until it is done or the server ends."""
        task = self._tasks.create_task(_until_end(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def cancel(self) -> None:
        """Cancel everything that `spawn` started."""
        for task in list(self._running):
            task.cancel()


async def _until_end(work: Coroutine[Any, Any, None]) -> None:
    try:
        with suppress(ServerEnds):
            await work
    except RuntimeError as error:
        # Without this task the server can go on; an exception here would end it.
        if not threads.is_refusal(error):
            raise
        diagnostics.failure("no_thread", error)
