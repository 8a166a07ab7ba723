"""Operations on a pane's process, without a keeper."""

import os
import signal
import subprocess

import pytest

from fuguemux.keeper.children import Child, SpawnFailed, failure_of
from fuguemux.keeper.process import ProcessWatch, start_time_of
from fuguemux.keeper.protocol import ExitStatus

pytestmark = pytest.mark.real


def test_a_number_that_may_be_another_process_by_now_gets_no_signal() -> None:
    """A process of the same number stands for the one that has got it meanwhile."""
    other = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    start = start_time_of(other.pid)
    assert start is not None
    ended = Child("k", other.pid, start, "", [b"sh"], -1)
    ended.status = ExitStatus(code=0)
    adopted = Child("k", other.pid, start - 1, "", [b"sh"], -1)
    adopted.watch = ProcessWatch(other.pid, start - 1)
    for child in (ended, adopted):
        assert not child.signal(signal.SIGKILL, foreground=False)
        assert not child.signal(signal.SIGKILL, foreground=True)
        child.hang_up()
    assert other.poll() is None
    running = Child("k", other.pid, start, "", [b"sh"], -1)
    assert running.signal(signal.SIGKILL, foreground=True)
    assert other.wait() == -signal.SIGKILL


def test_what_a_child_says_before_it_becomes_its_program() -> None:
    assert failure_of(b"") is None, "the pipe was closed by exec"
    failure = failure_of(b"\x03\x02\x00\x00\x00")
    assert isinstance(failure, SpawnFailed)
    assert str(failure) == f"cannot execute: {os.strerror(2)}"
    assert (failure.stage, failure.errno) == ("execute", 2)
