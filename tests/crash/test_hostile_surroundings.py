"""Events outside of the server: it is stopped, gets too few resources, competes with other starts, or finds its files
changed."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.faults import require
from tests.support.running import PROGRAM, Running, kill, until

pytestmark = pytest.mark.real

FLOOD_LINES = 60_000
PANES_MANY = 300


def numbers(fugue: Running, pane: str) -> list[str]:
    return [line for line in fugue.history(pane).splitlines() if line.isdigit()]


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.fixture
def stopped(fugue: Running) -> Iterator[list[int]]:
    """Processes that a test has stopped: they go on in any case."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def test_a_stopped_server_goes_on_where_it_was(fugue: Running, stopped: list[int]) -> None:
    """As after `kill -STOP`, or a suspended laptop: the flood blocks in its write(2), and nothing of it is lost."""
    fugue(
        "new-session",
        "-d",
        "-s",
        "work",
        "-x",
        "80",
        "-y",
        "24",
        f"seq 1 {FLOOD_LINES}; exec sleep 1000",
    )
    server, (flood,) = fugue.server_pid(), fugue.pane_pids()
    os.kill(server, signal.SIGSTOP)
    stopped.append(server)
    until("stop", lambda: state_of(server) == "T")
    until("blocked flood, or its end", lambda: state_of(flood) == "S")
    os.kill(server, signal.SIGCONT)
    fugue("set-option", "-g", "history-limit", "100000")
    until("end", lambda: str(FLOOD_LINES) in fugue.screen("work"))
    assert fugue.server_pid() == server


def test_full_terminals_while_no_server_is_there_block_and_lose_nothing(
    fugue: Running, stopped: list[int]
) -> None:
    """The keeper is kept from starting the next server until every flood waits in write(2)."""
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue("set-option", "-g", "history-limit", "100000")
    go = fugue.directory / "go"
    command = f"until [ -e {go} ]; do sleep 0.05; done; seq 1 {FLOOD_LINES}; exec sleep 1000"
    panes = [fugue("new-window", "-dPF", "#{pane_id}", "-t", "work:", command) for _ in range(3)]
    pids = [int(fugue.format("#{pane_pid}", pane)) for pane in panes]
    ttys = [fugue.format("#{pane_tty}", pane) for pane in panes]
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)
    stopped.append(keeper)
    kill(server)
    go.touch()
    until("full terminals", lambda: all(blocked_in_write(pid) for pid in pids))
    os.kill(keeper, signal.SIGCONT)
    fugue.wait_for_server(other_than=server)
    assert [fugue.format("#{pane_tty}", pane) for pane in panes] == ttys
    for pane in panes:
        until("end", lambda pane=pane: numbers(fugue, pane)[-1:] == [str(FLOOD_LINES)])  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
        assert numbers(fugue, pane) == [str(n) for n in range(1, FLOOD_LINES + 1)]


def blocked_in_write(shell: int) -> bool:
    """Whether the flood of this shell sleeps: it does nothing but write, so its terminal is full."""
    words = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
    for child in map(int, words):
        with suppress(OSError):
            if Path(f"/proc/{child}/comm").read_text() == "seq\n":
                return state_of(child) == "S"
    return False


def test_a_stopped_keeper_delays_new_processes_only(fugue: Running, stopped: list[int]) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    keeper = fugue.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)
    stopped.append(keeper)
    fugue("send-keys", "-t", "work", "still here", "Enter")
    until("echo", lambda: fugue.history("work").count("still here") == 2)
    fugue("rename-session", "-t", "work", "job")
    waiting = subprocess.Popen(
        [PROGRAM, "new-window", "-dPF", "#{pane_pid}", "-t", "job:", "cat"],
        env=fugue.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.kill(keeper, signal.SIGCONT)
    out, _ = waiting.communicate(timeout=30)
    assert int(out) > 1


def test_a_stale_socket_is_replaced(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    path = fugue.format("#{socket_path}")
    fugue.kill_everything()
    Path(path).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(path)
    assert fugue("list-sessions", "-F", "#{session_name}") == "work"


def test_racing_starts_make_one_server(fugue: Running) -> None:
    """Many commands at once find no server: one is started, and all are answered by it."""
    argv = [PROGRAM, "new-session", "-dPF", "#{pid}", "cat"]
    racers = [
        subprocess.Popen(
            argv, env=fugue.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    answers = [racer.communicate(timeout=60) for racer in racers]
    assert all(racer.returncode == 0 for racer in racers), answers
    assert {out.strip() for out, _ in answers} == {str(fugue.server_pid())}
    assert len(fugue("list-sessions").splitlines()) == len(racers)


def test_whoever_comes_with_another_runtime_directory_is_led_to_the_server(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    pid = fugue.server_pid()
    elsewhere = fugue.directory / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    other = fugue.run("new-session", "-d", "-s", "other", XDG_RUNTIME_DIR=str(elsewhere))
    assert (other.returncode, other.stderr) == (0, "")
    assert fugue("list-sessions", "-F", "#{session_name} #{pid}") == f"other {pid}\nwork {pid}"


def test_a_state_directory_that_cannot_be_written_is_named(fugue: Running) -> None:
    """Without the right to write there, root's privileges included: one line that says what and where."""
    require(programs=["setpriv"])
    fugue.state_home.chmod(0o500)
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*drop, PROGRAM, "new-session", "-d"],
        env=fugue.environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert str(fugue.state_home) in done.stderr
    assert "Permission denied" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    fugue.state_home.chmod(0o700)
    fugue("new-session", "-d", "-s", "work", "cat")


def test_a_deleted_directory_and_a_missing_shell_cost_no_pane(fugue: Running) -> None:
    gone = fugue.directory / "gone" / "deeper"
    gone.mkdir(parents=True)
    shell = fugue.directory / "shell"
    shell.symlink_to("/bin/bash")
    fugue("new-session", "-d", "-s", "work", "-n", "first")
    fugue("new-window", "-d", "-n", "moved", "-t", "work:", "-c", str(gone))
    fugue("set-option", "-g", "default-shell", str(shell))
    fugue("new-window", "-d", "-n", "shell", "-t", "work:")
    fugue.wait_for("$ ", "work:moved")
    fugue.kill_everything()
    gone.rmdir()
    gone.parent.rmdir()
    shell.unlink()
    names = fugue("list-windows", "-t", "work", "-F", "#{window_name}").splitlines()
    assert names == ["first", "moved", "shell"]
    fugue("send-keys", "-t", "work:moved", "pwd; echo here-$((1+1))", "Enter")
    fugue.wait_for("here-2", "work:moved")
    assert str(fugue.directory) in fugue.history("work:moved")


def test_a_clock_that_is_set_back_costs_nothing(tmp_path: Path) -> None:
    """By an hour while the server runs, and by another one between two servers."""
    shift = tmp_path / "shift"
    shift.write_text("7200")
    fugue = Running(tmp_path, FUGUE_CLOCK_SHIFT=str(shift))
    try:
        fugue("new-session", "-d", "-s", "work", "cat")
        shift.write_text("3600")
        fugue("new-window", "-d", "-n", "later", "-t", "work:", "cat")
        fugue("send-keys", "-t", "work:later", "typed", "Enter")
        until("echo", lambda: fugue.history("work:later").count("typed") == 2)
        fugue("checkpoint")
        fugue("new-window", "-d", "-n", "last", "-t", "work:", "cat")
        shift.write_text("0")
        server = fugue.kill_server()
        assert fugue("list-windows", "-t", "work", "-F", "#{window_name}").splitlines()[1:] == [
            "later",
            "last",
        ]
        shift.write_text("-3600")
        assert fugue.kill_server() != server
        fugue.kill_everything()
        assert fugue("list-windows", "-t", "work", "-F", "#{window_name}").splitlines()[1:] == [
            "later",
            "last",
        ]
        assert fugue.history("work:later").count("typed") == 2
        report = json.loads(fugue("recovery", "--json"))["recovery"]
        assert report["lost"] == []
    finally:
        fugue.end()


@pytest.mark.slow
def test_three_hundred_panes_survive_the_server(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "100", "-y", "30", "sleep 1000")
    twenty = (["new-window", "-d", "exec sleep 1000", ";"] * 20)[:-1]
    for _ in range(PANES_MANY // 20):
        fugue(*twenty)
    before = fugue("list-panes", "-a", "-F", "#{pane_id} #{pane_pid} #{window_layout}")
    assert len(before.splitlines()) == PANES_MANY + 1
    fugue.kill_server()
    assert fugue("list-panes", "-a", "-F", "#{pane_id} #{pane_pid} #{window_layout}") == before
