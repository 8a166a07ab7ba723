"""Complaint: "Reboot: pane SIGHUPs before server shutdown clear the session", and similar ones.

At a reboot or log-out the shells end before the multiplexer is told. Other multiplexers take that for a user who
closed everything, store it, and bring nothing back.
"""

import json
import os
import random
import select
import signal

import pytest

from tests.support.running import Running, alive, until

ROUNDS = int(os.environ.get("FUGUE_REBOOT_ROUNDS", "6"))
NAMES = "#{session_name}:#{window_index}.#{pane_index} #{window_layout}"


def sessions(fugue: Running) -> list[str]:
    return fugue("list-panes", "-a", "-F", NAMES).splitlines()


def build(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "one", "-x", "100", "-y", "30")
    fugue("split-window", "-t", "one")
    fugue("new-session", "-d", "-s", "two")
    fugue("new-window", "-t", "two:", "sh")


def end_of(*pids: int) -> None:
    until("end of all", lambda: not any(map(alive, pids)))


def reboot(fugue: Running, seconds: float, *, number: int = signal.SIGHUP) -> None:
    """What a shutdown does: all shells first, the server `seconds` later."""
    panes, keeper, server = fugue.pane_pids(), fugue.keeper_pid(), fugue.server_pid()
    for pane in panes:
        os.kill(pane, number)
    select.select([], [], [], seconds)
    assert alive(server), "the server took the end of its shells for the wish to end"
    os.kill(server, signal.SIGTERM)
    end_of(server, keeper)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(240)
def test_reboot_pane_sighups_before_server_shutdown_do_not_clear_the_session(
    fugue: Running,
) -> None:
    build(fugue)
    before = sessions(fugue)
    rng = random.Random(1)
    for _ in range(ROUNDS):
        reboot(fugue, rng.uniform(0.0, 0.5))
        assert sessions(fugue) == before
    panes = json.loads(fugue("recovery", "--json"))["recovery"]["panes"]
    assert {pane["status"] for pane in panes} == {"respawned"}


@pytest.mark.real
def test_reboot_when_a_shell_turns_sighup_into_exit_1(fugue: Running) -> None:
    trap = "trap 'exit 1' HUP; while :; do read -t 0.1 line; done"
    fugue("new-session", "-d", "-s", "one", "bash", "-c", trap)
    fugue("new-session", "-d", "-s", "two", "bash", "-c", "trap 'exit 129' HUP; " + trap[20:])
    before = sessions(fugue)
    panes, keeper, server = fugue.pane_pids(), fugue.keeper_pid(), fugue.server_pid()
    for pane in panes:
        os.kill(pane, signal.SIGHUP)
    end_of(*panes)  # each when its `read` is over; the server is told at once after the last one
    os.kill(server, signal.SIGTERM)
    end_of(server, keeper)
    assert sessions(fugue) == before


@pytest.mark.real
def test_everything_that_ends_while_the_server_stops_comes_back(fugue: Running) -> None:
    """Programs that end with 0 when they are told to end are not gone either."""
    fugue(
        "new-session", "-d", "-s", "one", "bash", "-c", "trap 'exit 0' TERM HUP; sleep 1000 & wait"
    )
    fugue("new-session", "-d", "-s", "two")
    before = sessions(fugue)
    keeper, server = fugue.keeper_pid(), fugue.server_pid()
    os.kill(server, signal.SIGTERM)
    end_of(server, keeper)
    assert sessions(fugue) == before


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_keeper_alone_ends_nothing(fugue: Running, number: int) -> None:
    build(fugue)
    panes, keeper, server = fugue.pane_pids(), fugue.keeper_pid(), fugue.server_pid()
    os.kill(keeper, number)
    log = fugue.state / "keeper.log"
    until("refusal", lambda: f"SIGTERM to the server (process {server})" in log.read_text())
    assert (fugue.keeper_pid(), fugue.server_pid(), fugue.pane_pids()) == (keeper, server, panes)
    fugue("send-keys", "-t", "one:0.0", "exit 7", "Enter")  # it still hears how programs end
    until("end of one pane", lambda: len(fugue.pane_pids()) == len(panes) - 1)
    assert all(map(alive, panes[1:]))


@pytest.mark.real
def test_a_signal_to_all_at_once_ends_all_and_everything_comes_back(fugue: Running) -> None:
    """What a service manager and a shutdown do: whoever hears it first, the keeper does not begin the next server."""
    build(fugue)
    before = sessions(fugue)
    panes, keeper, server = fugue.pane_pids(), fugue.keeper_pid(), fugue.server_pid()
    for pid in (keeper, server, *panes):
        os.kill(pid, signal.SIGTERM)
    end_of(server, keeper, *panes)
    assert sessions(fugue) == before


@pytest.mark.real
def test_all_shells_killed_at_once_wait_to_be_started_again(fugue: Running) -> None:
    """Nobody closes panes like that: an OOM killer, a logout that spares the server. A key brings each back."""
    build(fugue)
    before = sessions(fugue)
    for pid in fugue.pane_pids():
        os.kill(pid, signal.SIGKILL)
    until("suspended panes", lambda: "press Enter to start it again" in fugue.screen("one:0.0"))
    assert sessions(fugue) == before
    assert fugue.format("#{pane_restore_status}", "one:0.0") == "suspended"
    with fugue.attached("attach-session", "-t", "two:0") as client:
        client.wait_for("press Enter to start it again")
        client.type(b"\r")
        client.wait_for("$")
        client.type(b"echo back-$((40+2))\r")
        client.wait_for("back-42")


@pytest.mark.real
def test_a_single_killed_shell_closes_its_pane_as_in_tmux(fugue: Running) -> None:
    build(fugue)
    os.kill(int(fugue.format("#{pane_pid}", "one:0.1")), signal.SIGHUP)
    until("one pane less", lambda: len(sessions(fugue)) == 3)


@pytest.mark.real
def test_a_shell_left_by_a_person_closes_at_once_whatever_its_code(fugue: Running) -> None:
    build(fugue)
    fugue("send-keys", "-t", "one:0.1", "false; exit", "Enter")
    until("one pane less", lambda: len(sessions(fugue)) == 3)
    assert "signal" not in (fugue.state / "server.log").read_text()


@pytest.mark.real
def test_the_user_really_kills_the_last_session_and_nothing_comes_back(fugue: Running) -> None:
    build(fugue)
    keeper, server = fugue.keeper_pid(), fugue.server_pid()
    fugue("kill-session", "-t", "one")
    fugue("kill-session", "-t", "two")
    end_of(server, keeper)
    fugue("new-session", "-d", "-s", "fresh")
    assert fugue("list-sessions", "-F", "#{session_name}") == "fresh"
