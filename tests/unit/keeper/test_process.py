"""Facts about processes that are not children of this one."""

import os
import select
import signal
import subprocess
import sys

import pytest

from fuguemux.keeper.process import ProcessWatch, is_running, start_time_of
from fuguemux.keeper.protocol import UNKNOWN_STATUS, ExitStatus

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc and pidfds are Linux's"),
]


def ended(watch: ProcessWatch) -> None:
    assert select.select([watch.pidfd], [], [], 20)[0]
    assert watch.ended()


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("exit 3", ExitStatus(code=3)),
        ("exit 0", ExitStatus(code=0)),
        ("kill -9 $$", ExitStatus(signal=9)),
    ],
)
def test_a_zombie_tells_how_it_ended(script: str, status: ExitStatus) -> None:
    process = subprocess.Popen(["sh", "-c", f"read x; {script}"], stdin=subprocess.PIPE)
    watch = ProcessWatch(process.pid, start_time_of(process.pid))
    assert not watch.ended()
    assert process.stdin is not None
    process.stdin.close()
    ended(watch)
    assert watch.status() == status
    process.wait()
    assert watch.status() in (status, UNKNOWN_STATUS), (
        "once waited for, only newer kernels still tell"
    )
    watch.close()
    watch.close()


def test_a_number_with_another_start_time_is_another_process() -> None:
    start = start_time_of(os.getpid())
    assert start is not None
    assert is_running(os.getpid())
    watch = ProcessWatch(os.getpid(), start + 1)
    assert watch.ended()
    assert watch.status() == UNKNOWN_STATUS
    watch.close()
    watch = ProcessWatch(os.getpid(), start)
    assert not watch.ended()
    watch.close()


def test_a_name_with_spaces_and_parentheses_confuses_nobody() -> None:
    code = "import ctypes, sys; ctypes.CDLL(None).prctl(15, b') R 1 ((', 0, 0, 0); print(flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    start = start_time_of(process.pid)
    assert start is not None
    assert start >= (start_time_of(os.getpid()) or 0)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert start_time_of(process.pid) is None
    assert not is_running(process.pid)
