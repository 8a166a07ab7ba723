"""Blocking work when no thread can be started: the loop does it, once, with its result or its error."""

from tests.support.poor import run_poor

IMPORTS = """
import asyncio, os, resource, threading
from fuguemux.server.work import threads
from fuguemux.server.storage.flush_worker import Worker
"""
LIMIT = "resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))\n"

TO_THREAD = """
def work(value):
    return value, threading.current_thread() is threading.main_thread()

def fails():
    raise KeyError("mine")

async def main():
    print(*await asyncio.to_thread(work, 1))
    try:
        await asyncio.to_thread(fails)
    except KeyError as error:
        print(*error.args)
    return 7

print(threads.run(main()))
"""

WORKER = """
class Job:
    runs = 0
    def run(self):
        Job.runs += 1
        raise OSError(5, "no")

async def main():
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    worker = Worker("w")
    worker.submit(loop, Job(), lambda job, error, seconds: done.set_result(error.errno))
    print(await done, Job.runs)
    worker.stop()

threads.run(main())
"""

LATER = """
soft = resource.getrlimit(resource.RLIMIT_NPROC)[1]
resource.setrlimit(resource.RLIMIT_NPROC, (1, soft))
runs = []
with threads.Threads() as pool:
    print(pool.submit(runs.append, "inline").done())
    resource.setrlimit(resource.RLIMIT_NPROC, (soft, soft))
    pool.submit(runs.append, "thread").result()
print(runs)
"""


def test_to_thread_gives_result_and_failure_without_a_thread_and_so_does_the_end() -> None:
    assert run_poor(LIMIT + TO_THREAD, imports=IMPORTS).split() == ["1", "True", "mine", "7"]


def test_with_threads_it_is_as_usual() -> None:
    assert run_poor(TO_THREAD, imports=IMPORTS).split() == ["1", "False", "mine", "7"]


def test_the_logs_worker_does_its_job_itself() -> None:
    assert run_poor(LIMIT + WORKER, imports=IMPORTS).split() == ["5", "1"]


def test_what_was_done_without_a_thread_is_not_done_again_by_one() -> None:
    assert run_poor(LATER, imports=IMPORTS).splitlines() == ["True", "['inline', 'thread']"]


CAN_START = """
soft = resource.getrlimit(resource.RLIMIT_NPROC)[1]
print(threads.can_start(4), threading.active_count())
resource.setrlimit(resource.RLIMIT_NPROC, (3, soft))
print(threads.can_start(4), threading.active_count())
print(threads.can_start(1), threading.active_count())
"""

WATCHER_IMPORTS = """
import tomllib, watchfiles
from fuguemux.config.load import load
from fuguemux.server.admin.config_reload import ConfigReload
"""
WATCHER = """
async def main():
    said = []
    path = "/nowhere/config.toml"
    loaded = load(path, {}, required=False)
    reload = ConfigReload(
        loaded, required=False, environment={}, apply=lambda *_: None, tell=said.append
    )
    await reload.watch()
    print(*(line for outcome in said for line in outcome.lines()), sep="\\n")

threads.run(main())
"""


def test_whether_threads_can_be_had_is_known_and_leaves_none() -> None:
    said = run_poor(CAN_START, imports=IMPORTS).splitlines()
    assert said == ["True 1", "False 1", "True 1"]


def test_the_configuration_is_not_watched_where_its_watcher_would_end_the_process() -> None:
    said = run_poor(LIMIT + WATCHER, imports=IMPORTS + WATCHER_IMPORTS)
    assert "cannot be watched (no thread can be started for it)" in said
    assert "after a change run: fugue config reload" in said
