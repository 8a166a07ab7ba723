"""The real server on a file system that forgets everything that was not synced: each acknowledgement must come after
its sync."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.mark_copy import SUFFIX
from fuguemux.persistence.wal.watermark import read_watermark
from tests.support.faults import require
from tests.support.lazy_fs import Control, lazy_file_system
from tests.support.running import Running, connected, kill, until

pytestmark = [pytest.mark.real, pytest.mark.slow]

SHAPE = "#{session_name} #{window_id} #{window_name} #{window_layout} #{pane_id} #{pane_active}"


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    require(programs=["fusermount3", "umount"], files=["/dev/fuse"], root=True)
    pytest.importorskip("mfusepy") if not _in_ci() else None
    with lazy_file_system(str(tmp_path / "state"), str(tmp_path / "control")) as found:
        yield found


def _in_ci() -> bool:
    import os

    return os.environ.get("CI") == "true"


def shape(fugue: Running) -> list[str]:
    return fugue("list-panes", "-a", "-F", SHAPE).splitlines()


def test_every_acknowledged_change_was_durable(control: Control, fugue: Running) -> None:
    """After each of several changes the machine loses power: files are what was synced, names too."""
    fugue("new-session", "-d", "-s", "work", "-n", "first", "-x", "100", "-y", "30", "cat")
    changes = [
        ("new-window", "-d", "-n", "one", "-t", "work:", "cat"),
        ("split-window", "-d", "-t", "work:one", "cat"),
        ("checkpoint",),
        ("rename-session", "-t", "work", "job"),
        ("kill-pane", "-t", "job:one.1"),
    ]
    for change in changes:
        fugue(*change)
        before = shape(fugue)
        fugue.kill_everything()
        control.say("drop")
        fugue("list-sessions")
        assert shape(fugue) == before, change


def durable_lsn(fugue: Running) -> int:
    mark = read_watermark(RealStorage(), str(fugue.state)).mark
    return mark.durable_lsn if mark is not None else 0


@pytest.mark.parametrize("written", [True, False])
def test_power_that_fails_between_the_log_and_the_watermark_is_no_loss(
    control: Control, fugue: Running, *, written: bool
) -> None:
    """The log is durable, and whoever waited was told; the watermark was not written any more, or never was."""
    if written:
        fugue("new-session", "-d", "-s", "work", "-n", "zero", "-x", "100", "-y", "30", "cat")
        until("watermark", lambda: durable_lsn(fugue) > 0)
        fugue.kill_everything()
    marked = durable_lsn(fugue)
    fugue.environment["FUGUE_FAILPOINTS"] = "watermark.renewing=raise:EIO"
    fugue("new-session", "-d", "-s", "more", "-n", "first", "-x", "100", "-y", "30", "cat")
    fugue("new-window", "-d", "-n", "one", "-t", "more:", "cat")
    fugue("rename-window", "-t", "more:one", "two")
    before = shape(fugue)
    assert durable_lsn(fugue) == marked
    fugue.kill_everything()
    for copy in (fugue.runtime / "fugue").glob(f"*{SUFFIX}"):
        copy.unlink()
    control.say("drop")
    del fugue.environment["FUGUE_FAILPOINTS"]
    assert fugue("state", "verify").splitlines()[-1] == "clean"
    fugue("list-sessions")
    assert shape(fugue) == before
    found = json.loads(fugue("recovery", "--json"))["recovery"]
    assert (found["complete"], found["lost"], found["missing"]) == (True, [], [])
    fugue("rename-window", "-t", "more:two", "three")
    until("watermark", lambda: durable_lsn(fugue) > marked)


def test_writes_that_take_only_a_part_are_gone_on_with(control: Control, fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-n", "first", "-x", "100", "-y", "30")
    control.say("short")
    fugue("send-keys", "-t", "work", "seq 1 9000; echo printed", "Enter")
    fugue.wait_for("\nprinted", "work")
    fugue("new-window", "-d", "-n", "one", "-t", "work:", "cat")
    fugue("checkpoint")
    fugue("new-window", "-d", "-n", "two", "-t", "work:", "cat")
    before = shape(fugue)
    fugue.kill_everything()
    control.say("drop")
    fugue("list-sessions")
    assert shape(fugue) == before
    lines = fugue.history("work").splitlines()
    assert [line for line in lines if line.isdigit()] == [str(n) for n in range(1, 9001)]


def runs_on(pid: int) -> bool:
    """Whether the process's first thread is neither dead nor, like the one that syncs, with the disk."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZXD"


@contextmanager
def killed_inside_a_sync(control: Control, fugue: Running) -> Iterator[None]:
    """Everything is killed, while a thread of the server is with the disk; that answers at the end of the block."""
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue("send-keys", "-t", "work", "echo kept", "Enter")
    fugue.wait_for("\nkept", "work")
    fugue("new-window", "-d", "-t", "work:")
    panes, keeper, server = fugue.pane_pids(), fugue.keeper_pid(), fugue.server_pid()
    control.say("hold")
    try:
        fugue("send-keys", "-t", "work", "echo more", "Enter")
        control.say("held")
        os.kill(keeper, signal.SIGSTOP)
        os.kill(server, signal.SIGKILL)
        until("end of the server", lambda: not runs_on(server))
        kill(keeper, *panes)
        yield
    finally:
        control.say("go")


def test_a_killed_server_that_still_waits_for_the_disk_is_asked_nothing(
    control: Control, fugue: Running
) -> None:
    """A process that was killed keeps its sockets until its last thread is back from the disk."""
    with killed_inside_a_sync(control, fugue):
        asked = [
            fugue.begin("capture-pane", "-p", "-t", "work"),
            fugue.begin("rename-window", "-t", "work:0", "renamed"),
        ]
        until("connections", lambda: all(connected(each.pid) for each in asked))
    for each in asked:
        output, error = each.communicate(timeout=60)
        assert (each.returncode, error) == (0, "")
        assert "kept" in output or each is not asked[0]
    assert fugue.format("#{window_name}", "work:0") == "renamed"


def test_the_lock_of_a_killed_server_that_still_waits_for_the_disk_is_waited_for(
    control: Control, fugue: Running
) -> None:
    """The next server comes while the killed one still has the state directory."""
    with killed_inside_a_sync(control, fugue):
        (fugue.runtime / "fugue" / "default").unlink()
        asked = fugue.begin("list-windows", "-t", "work")
        log = fugue.state / "keeper.log"
        until("word of waiting", lambda: "which was killed and still waits" in log.read_text())
    output, error = asked.communicate(timeout=60)
    assert (asked.returncode, error) == (0, "")
    assert len(output.splitlines()) == 2
