"""Complaint: "after logging out and in again the server cannot be reached, and its programs are lost".

At a user's last log-out the system removes the whole runtime directory with all sockets. Programs continue to run.
"""

import os
import shutil
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from fuguemux.keeper.lock_file import holder_of
from tests.support.running import Running, alive, kill, until, wait_dead

pytestmark = pytest.mark.real

ROUNDS = int(os.environ.get("FUGUE_LOG_OUT_ROUNDS", "3"))
SHOWN = "#{session_name}:#{window_index}.#{pane_index} #{pane_id} #{window_layout} #{pane_tty} #{pane_pid}"


@pytest.fixture
def programs(fugue: Running) -> list[int]:
    """Two sessions, and what their three programs are."""
    fugue("new-session", "-d", "-s", "work", "-x", "100", "-y", "30")
    fugue("split-window", "-d", "-t", "work")
    fugue("new-session", "-d", "-s", "other", "exec cat")
    fugue("send-keys", "-t", "work:0.0", "echo be''fore", "Enter")
    fugue.wait_for("before", "work:0.0")
    return fugue.pane_pids()


def log_out(fugue: Running) -> None:
    shutil.rmtree(fugue.runtime)


def log_in(fugue: Running) -> None:
    fugue.runtime.mkdir(mode=0o700)


def all_shown(fugue: Running) -> str:
    return fugue("list-panes", "-a", "-F", SHOWN)


def listens(path: str | Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def place(fugue: Running, lock: str = "LOCK") -> str:
    """Where the holder of a lock says that it listens."""
    holder = holder_of(str(fugue.state / lock))
    return holder.path if holder is not None else ""


def holder(fugue: Running, lock: str) -> int:
    found = holder_of(str(fugue.state / lock))
    return found.pid if found is not None else 0


def usual(fugue: Running) -> Path:
    return fugue.runtime / "fugue" / "default"


@pytest.mark.timeout(60 + 20 * ROUNDS)
def test_log_outs_change_nothing(fugue: Running, programs: list[int]) -> None:
    before, server, keeper = all_shown(fugue), fugue.server_pid(), fugue.keeper_pid()
    for number in range(ROUNDS):
        log_out(fugue)
        if number % 2:  # else the next log-in is faster than anybody noticed
            assert all_shown(fugue) == before, "a job without a session reaches it, too"
        log_in(fugue)
        assert all_shown(fugue) == before
        until("sockets", lambda: listens(usual(fugue)) and listens(f"{usual(fugue)}.keeper"))
        assert (fugue.server_pid(), holder(fugue, "keeper.lock")) == (server, keeper)
        fugue("send-keys", "-t", "work:0.0", f"echo round-$(({number}))", "Enter")
        fugue.wait_for(f"round-{number}", "work:0.0")
    assert fugue.pane_pids() == programs
    assert all(map(alive, programs))


def test_an_attached_client_stays_and_new_ones_come(fugue: Running, programs: list[int]) -> None:
    with fugue.attached("attach-session", "-t", "work:0") as person:
        person.wait_for("before")
        log_out(fugue)
        person.type(b"echo mean''while\r")
        person.wait_for("meanwhile")
        with fugue.attached("attach-session", "-t", "other") as other:
            other.wait_for("[other]")
        log_in(fugue)
        until("socket", lambda: listens(usual(fugue)))
        kill(fugue.server_pid())
        person.type(b"echo after''wards\r")
        person.wait_for("afterwards")
    assert fugue.pane_pids() == programs


def next_server(fugue: Running) -> None:
    """Kill the server; return when the next one listens."""
    server = holder(fugue, "LOCK")
    kill(server)
    until("next server", lambda: place(fugue) and holder(fugue, "LOCK") != server)


def next_keeper(fugue: Running) -> None:
    """Kill the keeper; return when the next one has all programs."""
    keeper = holder(fugue, "keeper.lock")
    kill(keeper)
    log = fugue.state / "server.log"
    until("next keeper", lambda: holder(fugue, "keeper.lock") not in (0, keeper))
    until("its programs", lambda: f"replaced pid={holder(fugue, 'keeper.lock')}" in log.read_text())


@pytest.mark.parametrize("back", [False, True], ids=["gone", "there again"])
@pytest.mark.parametrize("who", ["server", "keeper", "keeper, then server"])
def test_a_death_meanwhile_loses_nothing(
    fugue: Running, programs: list[int], who: str, back: bool
) -> None:
    before = all_shown(fugue)
    log_out(fugue)
    if back:
        log_in(fugue)
    fugue("send-keys", "-t", "work:0.0", "echo mean''while", "Enter")
    fugue.wait_for("meanwhile", "work:0.0")
    if "keeper" in who:
        next_keeper(fugue)
    if "server" in who:
        next_server(fugue)
    assert all_shown(fugue) == before
    assert "meanwhile" in fugue.history("work:0.0")
    assert fugue.pane_pids() == programs
    if not back:
        log_in(fugue)
    until("return", lambda: place(fugue) == str(usual(fugue)) and listens(usual(fugue)))
    assert all_shown(fugue) == before


def test_everything_dies_meanwhile(fugue: Running, programs: list[int]) -> None:
    """No program can be saved then; what they showed and how they were arranged is."""
    log_out(fugue)
    until("another place", lambda: place(fugue) not in ("", str(usual(fugue))))
    server, keeper = holder(fugue, "LOCK"), holder(fugue, "keeper.lock")
    os.kill(keeper, signal.SIGSTOP)
    kill(server)
    kill(keeper, *programs)
    log_in(fugue)
    assert "before" in fugue.history("work:0.0")
    assert len(fugue.pane_pids()) == len(programs)


def test_the_next_server_finds_what_was_read_and_not_logged(
    fugue: Running, programs: list[int]
) -> None:
    """The landing zone is in the runtime directory: the server makes another one in the state directory."""
    log_out(fugue)
    until("another zone", (fugue.state / "landing").exists)
    until("its name", lambda: str(fugue.state / "landing") in (fugue.state / "zone").read_text())
    log_in(fugue)
    fugue("send-keys", "-t", "work:0.0", "seq 100000; echo al''ldone", "Enter")
    fugue.wait_for("99", "work:0.0")
    fugue.kill_server()
    fugue.wait_for("alldone", "work:0.0")
    numbers = [int(line) for line in fugue.history("work:0.0").split() if line.isdigit()]
    assert numbers[-1] == 100000
    assert all(second == first + 1 for first, second in pairwise(numbers))


@pytest.mark.parametrize("what", ["LOCK", "keeper.lock", "both"])
def test_locks_that_somebody_removes_make_no_second_server(
    fugue: Running, programs: list[int], what: str
) -> None:
    before, server, keeper = all_shown(fugue), fugue.server_pid(), fugue.keeper_pid()
    names = ("LOCK", "keeper.lock") if what == "both" else (what,)
    for name in names:
        (fugue.state / name).unlink()
    os.unlink(f"{usual(fugue)}.keeper.lock")
    os.unlink(f"{usual(fugue)}.keeper")
    os.unlink(usual(fugue))
    assert all_shown(fugue) == before
    until("locks", lambda: all((fugue.state / name).exists() for name in names))
    assert (holder(fugue, "LOCK"), holder(fugue, "keeper.lock")) == (server, keeper)
    kill(server)
    assert all_shown(fugue) == before
    assert holder(fugue, "keeper.lock") == keeper


def test_a_command_in_a_pane_finds_its_server_after_a_log_out(
    fugue: Running, programs: list[int]
) -> None:
    """What the pane has of it is a path that is gone."""
    inside = {"FUGUE": f"{usual(fugue)},{fugue.server_pid()},0"}
    log_out(fugue)
    assert fugue("list-sessions", "-F", "#{session_name}", **inside).split() == ["other", "work"]
    without = {**inside, "XDG_RUNTIME_DIR": ""}
    assert fugue("list-sessions", "-F", "#{session_name}", **without).split() == ["other", "work"]
    log_in(fugue)
    assert fugue("list-sessions", "-F", "#{session_name}", **without).split() == ["other", "work"]


def test_a_server_at_a_path_of_its_own(fugue: Running) -> None:
    """With -S the directory is somebody else's: it is not made again, and come back to."""
    directory = fugue.directory / "mine"
    directory.mkdir()
    path = str(directory / "socket")
    fugue("-S", path, "new-session", "-d", "-s", "work")
    pids = fugue("-S", path, "list-panes", "-a", "-F", "#{pane_pid}")
    server = int(fugue("-S", path, "display-message", "-p", "#{pid}"))
    shutil.rmtree(directory)
    assert fugue("-S", path, "list-panes", "-a", "-F", "#{pane_pid}") == pids
    assert not directory.exists()
    kill(server)
    assert fugue("-S", path, "list-panes", "-a", "-F", "#{pane_pid}") == pids
    directory.mkdir()
    until("return", lambda: listens(path))
    assert fugue("-S", path, "list-panes", "-a", "-F", "#{pane_pid}") == pids
    fugue("-S", path, "kill-server")


@pytest.mark.parametrize("who", ["LOCK", "keeper.lock"])
def test_a_request_to_listen_ends_nobody_in_no_phase_of_its_life(
    fugue: Running, programs: list[int], who: str
) -> None:
    """As often as possible, from the start to the end."""
    pid = holder(fugue, who)
    if who == "LOCK":
        kill(pid)
        until("next server", lambda: holder(fugue, who) not in (0, pid))
        pid = holder(fugue, who)
    for _ in range(200):
        os.kill(pid, signal.SIGUSR1)
    assert fugue.pane_pids() == programs
    assert holder(fugue, who) == pid
    with ThreadPoolExecutor() as pool:
        ending = pool.submit(fugue.run, "kill-server")
        while alive(pid):
            os.kill(pid, signal.SIGUSR1)
    assert ending.result().returncode == 0
    assert f"ended: signal {signal.SIGUSR1}" not in (fugue.state / "keeper.log").read_text()


def test_programs_have_the_default_action_of_signals_and_no_link(
    fugue: Running, programs: list[int]
) -> None:
    """What keeper and server hear, and what connects them, is none of the programs' business."""
    kill(fugue.keeper_pid())  # the next one is linked from the other side
    until("next keeper", lambda: listens(f"{usual(fugue)}.keeper"))
    fugue("new-window", "-d", "-t", "work:", "exec sleep 1000")
    fugue("run-shell", "-b", "echo $$ >pid; exec sleep 1000")
    until(
        "job", lambda: (fugue.directory / "pid").exists() and (fugue.directory / "pid").read_text()
    )
    job = int((fugue.directory / "pid").read_text())
    until("program", lambda: "sleep" in Path(f"/proc/{job}/cmdline").read_text())
    for pid in [*fugue.pane_pids(), job]:
        status = Path(f"/proc/{pid}/status").read_text()
        ignored = next(line.split()[1] for line in status.splitlines() if "SigIgn" in line)
        assert not int(ignored, 16) & 1 << signal.SIGUSR1 - 1, pid
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"FUGUE_KEEPER_LINK" not in environment
        links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
        assert not any(link.startswith("socket:") for link in links), (pid, links)
    os.kill(job, signal.SIGUSR1)
    wait_dead(job)


def test_two_servers_of_one_name_do_not_take_each_others_place(
    fugue: Running, tmp_path: Path
) -> None:
    """Each has a state directory of its own; the place that they fall back to can only be one's."""
    other = Running(tmp_path / "other")
    try:
        for server in (fugue, other):
            server("new-session", "-d", "-s", server.directory.name)
        for server in (fugue, other):
            log_out(server)
        places = []
        for server in (fugue, other):
            assert server("list-sessions", "-F", "#{session_name}") == server.directory.name
            kill(holder(server, "LOCK"))
            assert server("list-sessions", "-F", "#{session_name}") == server.directory.name
            places.append(place(server))
        assert len({*places, ""}) == 3
    finally:
        other.end()
