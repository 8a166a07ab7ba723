"""The end of a process that another program started is reported once, without polling."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.server.processes.process_ends import ProcessEnds

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open (Linux)")
PANE, OTHER = PaneId(1), PaneId(2)


@pytest.fixture
def programs() -> Iterator[list[subprocess.Popen[bytes]]]:
    found = [subprocess.Popen(["sleep", "1000"]) for _ in range(3)]
    yield found
    for program in found:
        program.kill()
        program.wait()


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


async def test_the_end_of_what_is_watched_is_told(programs: list[subprocess.Popen[bytes]]) -> None:
    told: asyncio.Queue[PaneId] = asyncio.Queue()
    ends = ProcessEnds(asyncio.get_running_loop(), told.put_nowait)
    before = descriptors()
    first, second, third = (program.pid for program in programs)
    ends.watch(PANE, {first, second})
    ends.watch(OTHER, {third})
    ends.watch(PANE, {second})
    assert descriptors() == before + 2
    for pid in (first, second, third):
        os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        assert {await told.get(), await told.get()} == {PANE, OTHER}
    assert descriptors() == before
    assert told.empty()


async def test_watching_leaves_descriptors_to_others(
    programs: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (32, 32))
    told: list[PaneId] = []
    ends = ProcessEnds(asyncio.get_running_loop(), told.append)
    before = descriptors()
    ends.watch(PANE, {program.pid for program in programs})
    assert descriptors() == before + 2
    ends.watch(OTHER, {programs[0].pid})
    ends.close()
    assert descriptors() == before


@pytest.fixture
def gone() -> int:
    """The pid of a process that there was."""
    program = subprocess.Popen([sys.executable, "-c", ""])
    program.wait()
    return program.pid


async def test_what_is_gone_already_is_not_watched(gone: int) -> None:
    ends = ProcessEnds(asyncio.get_running_loop(), lambda _pane: None)
    before = descriptors()
    ends.watch(PANE, {gone})
    assert descriptors() == before
