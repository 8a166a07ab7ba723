"""A log that is gone, emptied or without its headers: nobody can tell what is lost, and nobody is told that nothing is."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.running import Running, kill

pytestmark = pytest.mark.real

UNKNOWN = "what is lost is not known"


def without_headers(path: Path) -> None:
    """Zeros in place of both copies."""
    with path.open("r+b") as file:
        file.write(bytes(8192))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def removed(path: Path) -> None:
    path.unlink()


Damage = Callable[[Path], None]


def damage(fugue: Running, how: Damage) -> None:
    for path in sorted((fugue.state / "wal").glob("*.wal")):
        how(path)


@pytest.fixture(autouse=True)
def _no_checkpoint_in_between(fugue: Running) -> None:
    fugue.environment["FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS"] = "3600"


def sessions(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "one", "cat")
    fugue("new-session", "-d", "-s", "two", "cat")


def says_so_everywhere(fugue: Running) -> None:
    found = json.loads(fugue("recovery", "--json"))["recovery"]
    assert (found["complete"], bool(found["missing"])) == (False, True)
    for text in (fugue("recovery"), fugue("recovery", "-v"), fugue.format("#{recovery_summary}")):
        assert UNKNOWN in text
        assert "complete" not in text
        assert "nothing lost" not in text
    assert UNKNOWN in fugue.format("#{recovery_segment}")
    assert UNKNOWN in fugue("doctor")


@pytest.mark.parametrize("how", [without_headers, emptied, removed])
def test_a_log_without_a_checkpoint(fugue: Running, how: Damage) -> None:
    """The first command finds no session; the server stays until somebody was told."""
    sessions(fugue)
    fugue.kill_everything()
    damage(fugue, how)
    done = fugue.run("list-sessions")
    assert UNKNOWN in done.stderr
    server = fugue.server_pid()
    fugue("new-session", "-d", "-s", "new", "cat")
    assert fugue.server_pid() == server
    says_so_everywhere(fugue)
    with fugue.attached("attach-session", columns=200) as client:
        client.wait_for(UNKNOWN)


@pytest.mark.parametrize("how", [without_headers, emptied])
def test_a_log_under_programs_that_run_on(fugue: Running, how: Damage) -> None:
    sessions(fugue)
    pids = sorted(fugue.pane_pids())
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)  # so that it starts no other server in between
    kill(server)
    damage(fugue, how)
    os.kill(keeper, signal.SIGCONT)
    fugue.wait_for_server(other_than=server)
    assert set(fugue("list-panes", "-a", "-F", "#{session_name}").split()) == {"rescued"}
    assert sorted(fugue.pane_pids()) == pids
    says_so_everywhere(fugue)


@pytest.mark.parametrize("how", [without_headers, emptied, removed])
def test_a_log_behind_a_checkpoint(fugue: Running, how: Damage) -> None:
    sessions(fugue)
    fugue("checkpoint")
    fugue("rename-session", "-t", "two", "three")
    fugue.kill_everything()
    damage(fugue, how)
    assert fugue("list-sessions", "-F", "#{session_name}").split() == ["one", "two"]
    says_so_everywhere(fugue)


def test_an_empty_file_that_a_new_segment_left_is_no_alarm(fugue: Running) -> None:
    sessions(fugue)
    fugue.kill_everything()
    emptied(fugue.state / "wal" / f"{0xFFFF0000:016x}.wal")
    assert fugue("list-sessions", "-F", "#{session_name}").split() == ["one", "two"]
    assert json.loads(fugue("recovery", "--json"))["recovery"]["complete"]


def test_a_first_start_is_no_alarm(fugue: Running) -> None:
    done = fugue.run("list-sessions")
    assert UNKNOWN not in done.stderr
    sessions(fugue)
    assert "first start" in fugue("recovery")
