"""The end of a server that is no child of the keeper is noticed once, with a pidfd and without one."""

import os
import selectors
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fuguemux.keeper.process import ProcessWatch, start_time_of
from fuguemux.keeper.protocol import ExitStatus
from fuguemux.keeper.server_watch import ServerWatch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc and pidfds are Linux's")


@pytest.fixture
def server() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sh", "-c", "read x; exit 3"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def end(process: subprocess.Popen[bytes]) -> None:
    """It ends, and is a zombie: nobody has waited for it."""
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def test_a_pidfd_tells(server: subprocess.Popen[bytes]) -> None:
    told: list[ExitStatus] = []
    with selectors.DefaultSelector() as selector:
        watch = ServerWatch(selector, told.append)
        process = ProcessWatch(server.pid, start_time_of(server.pid))
        watch.follow(process)
        assert not watch.polling
        end(server)
        watch.poll()
        assert told == []
        ((ready, _),) = selector.select(20)
        ready.data()
        assert told == [ExitStatus(3)]
        watch.follow(None)
        assert selector.select(0) == []
        process.close()


def test_without_a_pidfd_somebody_has_to_ask(server: subprocess.Popen[bytes]) -> None:
    told: list[ExitStatus] = []
    with selectors.DefaultSelector() as selector:
        watch = ServerWatch(selector, told.append)
        process = ProcessWatch(server.pid, start_time_of(server.pid))
        process.close()
        watch.follow(process)
        assert watch.polling
        watch.poll()
        assert told == []
        end(server)
        watch.poll()
        assert told == [ExitStatus(3)]
        assert not selector.get_map()
