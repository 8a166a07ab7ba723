"""A process that cannot be started: the message names the limit, and nothing of the attempt remains."""

import errno
import resource

import pytest

from fuguemux.keeper import limits
from fuguemux.keeper.children import SpawnFailed
from tests.support.poor import run_poor

SPAWN = """
def attempt():
    request = SpawnRequest(
        key="k", program=b"/bin/true", argv=[b"true"], cwd=b"/", environment={}, columns=80, rows=24
    )
    before = os.listdir("/proc/self/fd")
    try:
        spawn(request, None)
    except SpawnFailed as failure:
        print(failure.stage, failure.errno, failure, sep="|")
    print(os.listdir("/proc/self/fd") == before)
"""
IMPORTS = "import os, resource; from fuguemux.keeper.children import *; from fuguemux.keeper import limits"


def test_without_processes_a_pane_is_refused_by_the_name_of_the_limit() -> None:
    source = SPAWN + "resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))\nattempt()\n"
    failure, clean = run_poor(source, imports=IMPORTS).splitlines()
    stage, number, text = failure.split("|")
    assert (stage, int(number)) == ("fork", errno.EAGAIN)
    assert "the limit of processes is reached (ulimit -u: 1;" in text
    assert clean == "True", "no descriptor is left open"


def test_without_descriptors_a_pane_is_refused_while_some_are_left() -> None:
    source = (
        SPAWN
        + "resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))\nattempt()\n"
        + "print(limits.free_descriptors() >= 7)\n"
    )
    failure, clean, spare = run_poor(source, imports=IMPORTS).splitlines()
    stage, number, text = failure.split("|")
    assert (stage, int(number)) == ("open a terminal", errno.EMFILE)
    assert "the limit of open files of one program is reached (12, " in text
    assert "ulimit -Hn" in text
    assert (clean, spare) == ("True", "True")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "all terminals of this machine are in use"),
        (errno.ENFILE, "fs.file-max"),
        (errno.ENOMEM, "no memory for another process"),
    ],
)
def test_each_limit_has_its_words(number: int, words: str) -> None:
    assert words in str(SpawnFailed("open a terminal", number))


def test_other_failures_are_told_as_they_are() -> None:
    assert (
        str(SpawnFailed("execute", errno.EAGAIN))
        == "cannot execute: Resource temporarily unavailable"
    )
    assert limits.explained(errno.EACCES) == "Permission denied"


def test_a_spare_makes_room_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
spare = limits.Spare()
held = []
limit = max(map(int, os.listdir("/proc/self/fd"))) + 8
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
try:
    while True:
        held.append(os.dup(0))
except OSError as full:
    print(full.errno)
with spare.lent():
    os.close(os.dup(0))
try:
    os.dup(0)
except OSError as full:
    print(full.errno)
"""
    assert run_poor(source, imports=IMPORTS).split() == [str(errno.EMFILE)] * 2
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 12, "this process is not bound by it"


SUPERVISE = """
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
supervisor = Supervisor(["/bin/true"], KeeperDiagnostics())
waiting, told = Waiting(supervisor), []
waiting.add(told.append)
waiting.start_server(needed=NEEDED)
print(told[0], supervisor.gave_up, supervisor.due is None, supervisor.pid, sep="|")
"""
SUPERVISOR = """
import os, resource
from fuguemux.keeper.diagnostics import KeeperDiagnostics
from fuguemux.keeper.supervisor import Supervisor
from fuguemux.keeper.waiting import Waiting
"""


@pytest.mark.parametrize("needed", [True, False])
def test_a_server_that_cannot_be_started_is_tried_again_only_for_panes(needed: bool) -> None:
    printed = run_poor(SUPERVISE.replace("NEEDED", str(needed)), imports=SUPERVISOR)
    told, gave_up, no_other_attempt, pid = printed.strip().split("|")
    assert told.startswith("cannot start the server: the limit of processes is reached")
    assert told.endswith("; it is tried again every second") is needed
    assert (gave_up == "") is needed
    assert no_other_attempt == str(not needed)
    assert pid == "0"
