"""The state directory of a running server is moved, replaced or removed: nothing is acknowledged that a start would
not find."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.running import PROGRAM, Running, kill, until

pytestmark = pytest.mark.real

NOT_DURABLE = "not on disk yet"


def durability(fugue: Running) -> str:
    return str(json.loads(fugue("status", "--json"))["status"]["durability"])


def becomes(fugue: Running, wanted: str) -> None:
    until(f"durability {wanted}", lambda: durability(fugue) == wanted)


def windows(fugue: Running) -> list[str]:
    return fugue("list-windows", "-t", "work", "-F", "#{window_name}").splitlines()


@pytest.fixture
def away(fugue: Running) -> Path:
    """Where the state is moved to. There is a session with text in its history."""
    fugue("new-session", "-d", "-s", "work", "-n", "first", "-x", "80", "-y", "10")
    fugue("send-keys", "-t", "work", "seq 1 60; echo bef''ore", "Enter")
    fugue.wait_for("before", "work")
    return fugue.state.with_name("away")


def test_moved_away_durability_is_lost_and_moved_back_it_is_there_again(
    fugue: Running, away: Path
) -> None:
    fugue("checkpoint")  # the history is in packs from here on
    fugue("set-option", "-g", "display-time", "0")
    with fugue.attached("attach-session", "-t", "work") as person:
        person.wait_for("0:first")
        fugue.state.rename(away)
        person.wait_for("durability lost")  # nobody has asked for anything
        with fugue.attached("attach-session", "-t", "work") as other:
            other.wait_for("directory was moved, removed")
        for command in (
            ("new-window", "-d", "-n", "second", "-t", "work:"),
            ("rename-session", "-t", "work", "works"),
            ("rename-session", "-t", "works", "work"),
            ("set-option", "-g", "@mark", "1"),
        ):
            said = fugue.run(*command)
            assert (said.returncode, NOT_DURABLE in said.stderr) == (1, True), command
        assert "no start would find it" in fugue.refused("checkpoint")
        assert "fugue state here" in fugue("status")
        assert "wrong" in fugue.run("doctor").stdout
        assert "before" in fugue.history("work:first")
        fugue("send-keys", "-t", "work:first", "echo mean''while", "Enter")
        fugue.wait_for("meanwhile", "work:first")
        assert not fugue.state.exists(), "the path is left alone"
        away.rename(fugue.state)
        person.wait_for("durability restored")
    becomes(fugue, "ok")
    fugue("new-window", "-d", "-n", "third", "-t", "work:")
    fugue.kill_everything()
    assert windows(fugue) == ["first", "second", "third"]
    assert "meanwhile" in fugue.history("work:first")
    assert fugue("show-options", "-gqv", "@mark") == "1"


def test_another_directory_in_its_place_is_left_alone(fugue: Running, away: Path) -> None:
    shutil.copytree(fugue.state, fugue.state.with_name("backup"))
    fugue("new-window", "-d", "-n", "second", "-t", "work:")
    fugue.state.rename(away)
    fugue.state.with_name("backup").rename(fugue.state)
    becomes(fugue, "lost")
    before = {path: path.stat().st_mtime_ns for path in fugue.state.rglob("*")}
    assert NOT_DURABLE in fugue.run("rename-window", "-t", "work:second", "other").stderr
    assert "no start would find it" in fugue.refused("checkpoint")
    assert {path: path.stat().st_mtime_ns for path in fugue.state.rglob("*")} == before
    fugue.state.rename(fugue.state.with_name("backup"))
    away.rename(fugue.state)
    becomes(fugue, "ok")
    fugue.kill_everything()
    assert windows(fugue) == ["first", "other"]


def test_a_removed_lock_is_made_again(fugue: Running, away: Path) -> None:
    (fugue.state / "LOCK").unlink()
    until("lock", (fugue.state / "LOCK").exists)
    becomes(fugue, "ok")
    elsewhere = fugue.directory / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    server = str(fugue.server_pid())
    assert fugue("display-message", "-p", "#{pid}", XDG_RUNTIME_DIR=str(elsewhere)) == server


@pytest.mark.parametrize("there", ["nothing", "another store"])
def test_a_server_that_dies_meanwhile_leaves_its_programs_to_the_next(
    fugue: Running, away: Path, there: str
) -> None:
    """The next one finds no state, or another: the programs are in the session rescued, and the report says why."""
    shells = fugue.pane_pids()
    fugue.state.rename(away)
    if there == "another store":
        other = Running(fugue.directory / "other")
        try:
            other("new-session", "-d", "-s", "theirs", "cat")
            other.kill_everything()
        finally:
            other.end()
        other.state.rename(fugue.state)
    becomes(fugue, "lost")
    fugue.kill_server()
    rescued = fugue("list-panes", "-s", "-t", "rescued", "-F", "#{pane_pid}").split()
    assert [int(pid) for pid in rescued] == shells
    report = json.loads(fugue("recovery", "--json"))["recovery"]
    assert "nothing lost" not in report["summary"]
    assert report["cause"] != "first start"
    assert "moved, removed, replaced" in report["missing"][0]
    if there == "another store":
        assert fugue("list-windows", "-t", "theirs", "-F", "#{window_name}")
    fugue.kill_server()  # what is known from now on needs no rescue, and is not told again
    assert [
        int(p) for p in fugue("list-panes", "-s", "-t", "rescued", "-F", "#{pane_pid}").split()
    ] == shells
    assert json.loads(fugue("recovery", "--json"))["recovery"]["missing"] == []
    assert durability(fugue) == "ok"


def test_a_server_that_the_keeper_did_not_start_gets_no_programs(
    fugue: Running, away: Path
) -> None:
    """It may have been given the wrong directory: the programs wait for the right one."""
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)
    kill(server)
    elsewhere = fugue.directory / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    waiting = subprocess.Popen(
        [PROGRAM, "list-sessions"],
        env={**fugue.environment, "XDG_STATE_HOME": str(elsewhere)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.kill(keeper, signal.SIGCONT)
    waiting.communicate(timeout=60)
    fugue.wait_for_server(other_than=server)
    assert windows(fugue) == ["first"]
    assert "nothing lost" in fugue("recovery")
