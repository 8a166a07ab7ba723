"""Work on files that do not answer: each has a thread of its own, their number per kind is limited, and the end never
waits for them."""

import asyncio
import errno
import threading

import pytest

from fuguemux.server.work import file_threads
from fuguemux.server.work.file_threads import beside
from tests.support.poor import run_poor


async def test_what_comes_of_it_is_the_callers() -> None:
    assert await beside("test", threading.get_ident) != threading.get_ident()
    with pytest.raises(FileNotFoundError):
        await beside("test", open, "/nowhere")


async def test_so_many_may_hang_and_others_do_not_care(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_threads, "HANGING_MAX", 2)
    release = threading.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        hanging = [tasks.create_task(beside("test", release.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(OSError, match="2 files are waited for already") as refused:
            await beside("test", int)
        assert refused.value.errno == errno.EAGAIN
        assert await beside("other", int) == 0
        hanging[0].cancel()
        release.set()
    assert await hanging[1]
    async with asyncio.timeout(30):
        while file_threads._under_way["test"]:  # noqa: ASYNC110  # the thread of the one that was cancelled
            await asyncio.sleep(0)


HANGS = """
async def main():
    task = asyncio.get_running_loop().create_task(beside("test", threading.Event().wait))
    await asyncio.sleep(0)
    task.cancel()

threads.run(main())
print("ended")
"""
IMPORTS = """
import asyncio, resource, threading
from fuguemux.server.work import threads
from fuguemux.server.work.file_threads import beside
"""


def test_the_end_of_the_process_does_not_wait_for_one_that_hangs() -> None:
    assert run_poor(HANGS, imports=IMPORTS) == "ended\n"


def test_without_a_thread_the_loop_does_it() -> None:
    work = 'async def main():\n    print(await beside("test", int))\n\nthreads.run(main())\n'
    limit = "resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))\n"
    assert run_poor(limit + work, imports=IMPORTS) == "0\n"
