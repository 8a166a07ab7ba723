"""Complaints: "crash loop at every start", "startup skipped restore of a valid file, autosave overwrote it".

Recovery never prevents a server from starting, and a start that restored nothing never overwrites the earlier state.
"""

import json

import pytest

from fuguemux.server.state.safe_mode import ServerStarts
from tests.support.running import Running


def names(fugue: Running) -> list[str]:
    return fugue("list-sessions", "-F", "#{session_name}").splitlines()


def files(fugue: Running) -> dict[str, bytes]:
    return {
        str(path.relative_to(fugue.state)): path.read_bytes()
        for directory in ("wal", "checkpoints")
        for path in (fugue.state / directory).rglob("*")
    }


@pytest.mark.real
def test_a_recovery_that_fails_twice_starts_in_safe_mode_and_the_way_back_works(
    fugue: Running,
) -> None:
    fugue("new-session", "-d", "-s", "precious")
    fugue("checkpoint")
    fugue.kill_everything()
    before = files(fugue)
    starts = ServerStarts(str(fugue.state))
    for reason in ("ValueError: first", "ValueError: second"):
        starts.begin()
        starts.failed(reason)
    fugue("new-session", "-d", "-s", "meanwhile")
    assert names(fugue) == ["meanwhile"]
    assert files(fugue) == before
    with fugue.attached("attach-session") as client:
        client.wait_for("safe mode")
    notes = json.loads(fugue("recovery", "--json"))["recovery"]["notes"]
    assert "ValueError: second" in notes[0]
    assert str(fugue.state) in notes[0]
    fugue.kill_server()  # it goes on in safe mode: nothing of it is lost either
    assert names(fugue) == ["meanwhile"]
    fugue("kill-server")
    assert files(fugue) == before
    assert names(fugue) == ["precious"]


@pytest.mark.real
def test_no_restore_leaves_everything_for_the_next_start(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "precious")
    fugue.kill_everything()
    before = files(fugue)
    fugue("--no-restore", "new-session", "-d", "-s", "other")
    assert names(fugue) == ["other"]
    fugue("kill-server")
    assert files(fugue) == before
    assert names(fugue) == ["precious"]


@pytest.mark.real
def test_an_error_in_a_file_at_start_does_not_hide_safe_mode(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "precious")
    fugue.kill_everything()
    file = fugue.directory / "start.conf"
    file.write_text("nosuchcommand\n")
    fugue("--no-restore", "-f", str(file), "new-session", "-d", "-s", "other")
    with fugue.attached("attach-session") as client:
        client.wait_for("fugue: safe mode")
        client.wait_for("nosuchcommand")
        told = [line for line in fugue("show-messages").splitlines() if " message: " in line]
        client.type(b"qecho behind the $((6 * 7))th page\r")
        client.wait_for("behind the 42th page")
    assert len(told) == 2
    assert any(f"the earlier state is unchanged in {fugue.state}" in line for line in told)
    assert any(f"{file}:1: " in line for line in told)


@pytest.mark.real
def test_in_safe_mode_living_processes_are_rescued_and_found_again(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "precious")
    panes = fugue.pane_pids()
    starts = ServerStarts(str(fugue.state))
    starts.failed("ValueError: first")
    starts.failed("ValueError: second")
    fugue.kill_server()
    assert names(fugue) == ["rescued"]
    assert fugue.pane_pids() == panes


@pytest.mark.real
def test_a_start_that_served_is_forgotten(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    assert not (fugue.state / "starting").exists()
    assert ServerStarts(str(fugue.state)).read().unfinished == 0
