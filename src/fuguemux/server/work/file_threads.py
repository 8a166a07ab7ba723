"""Reads files that may never answer, each on a thread of its own, so that a dead network disk delays only one requester.

The threads of the loop's executor are few, and the end of the process waits for them. A thread that hangs at a file would
take one of them away for good. So each piece of work gets a thread of its own, which the end of the process does not wait
for.
"""

import asyncio
import errno
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from fuguemux.server.work.threads import started

Result = TypeVar("Result")

HANGING_MAX: Final = 32
"""How many threads may read files of one kind at the same time. More would only hang as well."""

_under_way: Counter[str] = Counter()


async def beside(kind: str, work: Callable[..., Result], *arguments: Any) -> Result:
    """Return or raise what `work(*arguments)` does, run on a thread of its own; if no thread can be started, on the
    loop's.

    Raises OSError, with a reason in words, if `HANGING_MAX` of this kind are running. If cancelled, the thread goes on
    alone.
    """
    if _under_way[kind] >= HANGING_MAX:
        raise OSError(errno.EAGAIN, f"{HANGING_MAX} files are waited for already")
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def run() -> None:
        try:
            settle = partial(_done, kind, future, work(*arguments))
        except BaseException as error:  # noqa: BLE001  # the error belongs to the caller that awaits the result
            settle = partial(_failed, kind, future, error)
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle)

    _under_way[kind] += 1
    if not started(threading.Thread(target=run, name=kind, daemon=True)):
        run()
    return await future


def _done(kind: str, future: asyncio.Future[Result], result: Result) -> None:
    _under_way[kind] -= 1
    if not future.done():
        future.set_result(result)


def _failed(kind: str, future: asyncio.Future[Any], error: BaseException) -> None:
    _under_way[kind] -= 1
    if not future.done():
        future.set_exception(error)
