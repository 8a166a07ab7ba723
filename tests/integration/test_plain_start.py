"""`fugue` without a command leads once to sessions that came back after a crash. A server without sessions does not
stay."""

import os
from pathlib import Path

import pytest

from tests.support import running
from tests.support.running import Running, alive, until

PLAIN = ("--",)
"""No command: `--` only ends fugue's own flags."""


def sessions(fugue: Running) -> list[str]:
    return fugue("list-sessions", "-F", "#{session_name}").splitlines()


def seen(fugue: Running) -> str:
    """The session of the attached client; empty while there is none, or no server yet."""
    return fugue.run("list-clients", "-F", "#{client_session}").stdout.strip()


def visit(fugue: Running, name: str) -> None:
    """Come to see a session, and leave."""
    with fugue.attached("attach-session", "-t", name) as client:
        until("client", lambda: seen(fugue) == name)
        fugue("detach-client", "-s", name)
        client.process.wait(30)


def no_server(fugue: Running) -> None:
    """Wait until neither server nor keeper is left, without starting one."""
    until(
        "end of the server",
        lambda: (
            not [
                entry
                for entry in Path("/proc").iterdir()
                if entry.name.isdigit() and alive(int(entry.name)) and _of(fugue, entry)
            ]
        ),
    )


def _of(fugue: Running, process: Path) -> bool:
    try:
        return str(fugue.runtime).encode() in (process / "environ").read_bytes()
    except OSError:
        return False


def test_after_everything_was_killed_it_is_the_session_used_last(fugue: Running) -> None:
    for name in ("first", "second", "third"):
        fugue("new-session", "-d", "-s", name)
    for name in ("third", "second"):
        visit(fugue, name)
    until("note", lambda: (fugue.state / "attached").read_text().splitlines()[-1][0] == "1")
    fugue.kill_everything()
    with fugue.attached(*PLAIN) as client:
        client.wait_for("first: 1 windows")  # the list, since there are others
        client.wait_for("fugue: 3 panes")
        assert seen(fugue) == "second"
        client.type(b"\r")  # the list begins where the client is
        until("screen below", lambda: "first: 1 windows" not in client.text())
        assert seen(fugue) == "second"
        fugue("detach-client", "-s", "second")
        client.process.wait(30)
    with fugue.attached(*PLAIN):
        until("client", lambda: seen(fugue) == "3")
    assert sessions(fugue) == ["3", "first", "second", "third"]


def test_programs_that_run_on_are_led_back_to_as_well(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    fugue.kill_server()
    with fugue.attached(*PLAIN) as client:
        client.wait_for("fugue: ")
        assert seen(fugue) == "work"
    assert sessions(fugue) == ["work"]


def test_programs_whose_session_is_not_known_any_more_are_led_back_to(fugue: Running) -> None:
    """Nothing is kept, so all that a new server knows is what the keeper holds."""
    fugue.environment["FUGUE_PERSISTENCE_ENABLED"] = "false"
    fugue("new-session", "-d", "-s", "work", "cat")
    fugue.kill_server()
    with fugue.attached(*PLAIN):
        until("client", lambda: seen(fugue) == "rescued")


def test_after_a_restart_that_was_asked_for_it_makes_a_session(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    fugue("restart-server")
    with fugue.attached(*PLAIN):
        until("client", lambda: seen(fugue) == "1")


def test_without_a_crash_it_makes_a_session_and_says_nothing(fugue: Running) -> None:
    with fugue.attached(*PLAIN) as client:
        until("client", lambda: seen(fugue) == "0")
        client.wait_for("$")
        assert "fugue: " not in client.text()
    with fugue.attached(*PLAIN):
        until("client", lambda: seen(fugue) == "1")


def test_who_has_been_somewhere_is_not_led_back(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    fugue.kill_everything()
    visit(fugue, "work")
    with fugue.attached(*PLAIN):
        until("client", lambda: seen(fugue) == "1")


def test_a_session_asked_for_is_made_and_tmux_always_makes_one(
    fugue: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    fugue.kill_everything()
    fugue("new-session", "-d", "-s", "other", "cat")
    tmux = fugue.directory / "tmux"
    os.symlink(running.PROGRAM, tmux)
    monkeypatch.setattr(running, "PROGRAM", str(tmux))
    with fugue.attached(*PLAIN):
        until("client", lambda: seen(fugue) == "2")
    assert sessions(fugue) == ["2", "other", "work"]


@pytest.mark.parametrize("command", ["attach-session", "list-keys", "recovery"])
def test_a_server_that_was_started_for_nothing_ends(fugue: Running, command: str) -> None:
    done = fugue.run(command)
    if command == "attach-session":
        assert (done.returncode, done.stdout, done.stderr) == (1, "", "no sessions\n")
    no_server(fugue)
    assert "no server running on" in fugue.refused("list-sessions")


def test_a_server_that_was_asked_for_stays(fugue: Running) -> None:
    fugue("start-server")
    pid = fugue.server_pid()
    assert sessions(fugue) == []
    assert fugue.server_pid() == pid


def test_sessions_that_a_command_file_makes_can_be_attached(fugue: Running) -> None:
    file = fugue.directory / "commands"
    file.write_text("new-session -d -s made cat\n")
    with fugue.attached("-f", str(file), "attach-session"):
        until("client", lambda: seen(fugue) == "made")
