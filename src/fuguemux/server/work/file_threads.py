"""Files that may never answer, each looked at on a thread of its own: a dead network disk holds up only who asked for it.

The threads of the loop's executor are few, and the end of the process waits for them. One that hangs at a file would take one
of them away for good; so these are made for each piece of work, and nobody waits for them at the end.
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
"""So many may look at files of one kind at the same time; more only hang beside those that hang."""

_under_way: Counter[str] = Counter()


async def beside(kind: str, work: Callable[..., Result], *arguments: Any) -> Result:
    """What `work(*arguments)` returns or raises, done on a thread of its own; where there is none to be had, on the loop's.

    Raises OSError, with a reason in words, if `HANGING_MAX` of this kind are under way. Cancelled, it leaves the thread alone.
    """
    if _under_way[kind] >= HANGING_MAX:
        raise OSError(errno.EAGAIN, f"{HANGING_MAX} files are waited for already")
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def run() -> None:
        try:
            settle = partial(_done, kind, future, work(*arguments))
        except BaseException as error:  # noqa: BLE001  # it belongs to whoever asked for the result
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
