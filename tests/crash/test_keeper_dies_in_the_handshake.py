"""The keeper is killed while a new server takes over from a killed one, or while it restores panes. No program or
pane is given up."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running, alive, kill, until

pytestmark = pytest.mark.real

LINES = 3_000


@pytest.fixture
def points(tmp_path: Path) -> Iterator[FailpointListener]:
    with FailpointListener(str(tmp_path / "points")) as listener:
        yield listener


def begin(tmp_path: Path, points: FailpointListener, point: str) -> Running:
    """A fugue whose servers pause at `point`, each once; the first one has passed it."""
    fugue = Running(tmp_path, **points.environment(f"{point}=pause@1"))
    numbers = f"seq {LINES}; exec cat"
    starting = fugue.begin("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", numbers)
    points.answer(point)
    starting.communicate(timeout=30)
    assert starting.returncode == 0
    fugue("split-window", "-t", "work", "cat")
    fugue.wait_for(f"\n{LINES}\n", "work:0.0")
    return fugue


def assert_all_there(fugue: Running, points: FailpointListener, point: str) -> None:
    numbers = [line for line in fugue.history("work:0.0").splitlines() if line.isdigit()]
    assert numbers == [str(number) for number in range(1, LINES + 1)]
    assert json.loads(fugue("recovery", "--json"))["recovery"]["lost"] == []
    for pane in ("work:0.0", "work:0.1"):
        fugue("send-keys", "-t", pane, "echo typed", "Enter")
        fugue.wait_for("echo typed", pane)
    fugue("split-window", "-t", "work", "cat")
    pids, server = fugue.pane_pids(), fugue.server_pid()
    kill(server)  # the new keeper starts the next one, and holds all terminals
    points.answer(point)
    fugue.wait_for_server(other_than=server)
    assert fugue.pane_pids() == pids


def told_keeper(fugue: Running) -> int | None:
    found = json.loads(fugue("status", "--json"))["status"]["keeper_pid"]
    assert found is None or isinstance(found, int)
    return found


def statuses(fugue: Running) -> set[str]:
    panes = json.loads(fugue("recovery", "--json"))["recovery"]["panes"]
    return {pane["status"] for pane in panes}


@pytest.mark.parametrize(
    "point", ["keeper.connected", "recovery.salvaged", "recovery.zone_emptied", "recovery.restored"]
)
def test_after_it_handed_everything_over_every_process_lives_on(
    tmp_path: Path, points: FailpointListener, point: str
) -> None:
    fugue = begin(tmp_path, points, point)
    try:
        pids, keeper, server = fugue.pane_pids(), fugue.keeper_pid(), fugue.server_pid()
        kill(server)
        points.wait(point, 2)
        kill(keeper)
        points.answer(point)
        fugue.wait_for_server(other_than=server)
        assert fugue.pane_pids() == pids
        assert statuses(fugue) == {"live"}
        assert_all_there(fugue, points, point)
    finally:
        fugue.end()


def connections(path: Path) -> int:
    """How many sockets have this name: the listening one, and its end of each connection (proc(5), net/unix)."""
    return sum(row.endswith(f" {path}") for row in Path("/proc/net/unix").read_text().splitlines())


def test_before_it_handed_anything_over_everything_is_restored(
    tmp_path: Path, points: FailpointListener
) -> None:
    """Then nobody holds the terminals any more, as after a reboot; what the log has comes back."""
    point = "recovery.log_begun"
    fugue = begin(tmp_path, points, point)
    try:
        pids, keeper, server = fugue.pane_pids(), fugue.keeper_pid(), fugue.server_pid()
        path = fugue.runtime / "fugue" / "default.keeper"
        kill(server)
        points.wait(point, 2)
        until("end of the old connection", lambda: connections(path) == 1)
        os.kill(keeper, signal.SIGSTOP)
        new = points.answer(point)
        until("a greeting that nobody reads", lambda: connections(path) == 2)
        kill(keeper)
        until("end of the panes", lambda: not any(map(alive, pids)))
        fugue.seen.add(new)
        fugue("list-sessions")
        assert statuses(fugue) == {"respawned"}
        assert_all_there(fugue, points, point)
    finally:
        fugue.end()


def test_when_it_has_just_started_a_process(tmp_path: Path, points: FailpointListener) -> None:
    """The server has the terminal of the new pane, and hands it to the next keeper like all others."""
    point = "pane.spawned"
    fugue = Running(tmp_path, **points.environment(f"{point}=pause@3"))
    try:
        fugue("new-session", "-d", "-s", "work", "cat")
        fugue("new-window", "-d", "-t", "work:", "cat")
        pids, keeper, server = fugue.pane_pids(), fugue.keeper_pid(), fugue.server_pid()
        asking = fugue.begin("new-window", "-dPF", "#{pane_pid}", "-t", "work:", "cat")
        points.wait(point)
        kill(keeper)
        points.answer(point)
        new, _ = asking.communicate(timeout=30)
        assert asking.returncode == 0
        assert fugue.pane_pids() == [*pids, int(new)]
        until("next keeper", lambda: told_keeper(fugue) not in (None, keeper))
        kill(server)
        fugue.wait_for_server(other_than=server)
        assert fugue.pane_pids() == [*pids, int(new)]
    finally:
        fugue.end()


def begin_restoring(tmp_path: Path, points: FailpointListener) -> tuple[Running, int]:
    """A fugue of which everything was killed, and its next server, which has a keeper and pauses before it starts processes."""
    point = "keeper.connected"
    fugue = begin(tmp_path, points, point)
    fugue.kill_everything()
    asking = fugue.begin("list-sessions")
    server = points.wait(point, 2)
    fugue.seen.add(server)
    kill(int(Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1]))
    asking.communicate(timeout=60)
    return fugue, server


def shells(fugue: Running) -> list[tuple[str, bool]]:
    """Of each pane, whether it is dead and whether its process runs."""
    panes = fugue("list-panes", "-a", "-F", "#{pane_dead} #{pane_pid}").splitlines()
    return [(dead, alive(int(pid))) for dead, pid in map(str.split, panes)]


def test_while_everything_is_restored(tmp_path: Path, points: FailpointListener) -> None:
    """The server starts another keeper, which starts the processes."""
    fugue, server = begin_restoring(tmp_path, points)
    try:
        points.answer("keeper.connected")
        assert fugue.wait_for_server() == server
        assert statuses(fugue) == {"respawned"}
        assert shells(fugue) == [("0", True)] * 2
        assert_all_there(fugue, points, "keeper.connected")
    finally:
        fugue.end()


def test_while_a_server_restores_that_is_told_to_end(
    tmp_path: Path, points: FailpointListener
) -> None:
    """As when a machine goes down just after it came up: what could not be started any more is started by the next server."""
    fugue, server = begin_restoring(tmp_path, points)
    try:
        lock = fugue.runtime / "fugue" / "default.keeper.lock"
        lock.unlink()
        lock.mkdir()  # no other keeper can begin
        os.kill(server, signal.SIGTERM)
        points.answer("keeper.connected")
        until("end of the server", lambda: not alive(server))
        lock.rmdir()
        asking = fugue.begin("list-sessions")
        points.answer("keeper.connected")
        asking.communicate(timeout=60)
        assert statuses(fugue) == {"respawned"}
        assert shells(fugue) == [("0", True)] * 2
    finally:
        fugue.end()
