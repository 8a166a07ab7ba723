"""Shell commands outside of panes."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from fuguemux.server.work import jobs
from fuguemux.server.work.jobs import JobRefused, Jobs

ENVIRONMENT = {b"PATH": os.environb.get(b"PATH", b"/usr/bin:/bin")}


def argv(command: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", command)


async def test_what_it_prints_and_how_it_ends() -> None:
    started = Jobs(asyncio.get_running_loop())
    for command, expected in {
        "echo out; echo error >&2": (b"out\nerror\n", 0),
        "exit 3": (b"", 3),
        "kill -TERM $$": (b"", -signal.SIGTERM),
        "(sleep 0.01; echo late) &": (b"late\n", 0),
    }.items():
        assert await started.start(argv(command), b"/", ENVIRONMENT, read=True).ended() == expected
    unread = started.start(argv("echo nobody reads this; exit 2"), b"/", ENVIRONMENT, read=False)
    assert await unread.ended() == (b"", 2)


async def test_one_that_prints_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "OUTPUT_BYTES_MAX", 100_000)
    started = Jobs(asyncio.get_running_loop())
    data, code = await started.start(argv("exec yes"), b"/", ENVIRONMENT, read=True).ended()
    assert len(data) == 100_000
    assert code in (-signal.SIGKILL, -signal.SIGPIPE)


async def test_without_a_descriptor_for_its_process_a_thread_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(_pid: int) -> int:
        raise OSError

    monkeypatch.setattr(os, "pidfd_open", refused, raising=False)
    started = Jobs(asyncio.get_running_loop())
    job = started.start(argv("exec >&-; sleep 0.01; exit 4"), b"/", ENVIRONMENT, read=True)
    assert await job.ended() == (b"", 4)


async def test_nobody_waits_any_more_and_it_runs_on(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    started = Jobs(asyncio.get_running_loop())
    command = f"exec >&-; read line <{tmp_path}/pipe; exit 5"
    job = started.start(argv(command), b"/", ENVIRONMENT, read=True)
    waiting = asyncio.create_task(job.ended())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    (tmp_path / "pipe").write_text("go on\n")
    assert job.process.wait() == 5


async def test_one_too_many_is_refused() -> None:

    started = Jobs(asyncio.get_running_loop(), 1)
    first = started.start(argv("true"), b"/", ENVIRONMENT, read=True)
    with pytest.raises(JobRefused, match="1 shell commands run already"):
        started.start(argv("true"), b"/", ENVIRONMENT, read=True)
    await first.ended()
    await started.start(argv("true"), b"/", ENVIRONMENT, read=True).ended()


async def test_what_cannot_be_started_says_why() -> None:
    started = Jobs(asyncio.get_running_loop())
    with pytest.raises(JobRefused, match="No such file or directory"):
        started.start(argv("true"), b"/no/such/directory", ENVIRONMENT, read=True)
