"""The main purpose of fugue, end to end, on real shells: what survives which kind of kill."""

import json
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from fuguemux.keeper.protocol import EXIT_CANNOT_START
from tests.support.running import Running, alive, kill, until

SHAPE = (
    "#{session_id} #{session_name} #{window_id} #{window_index} #{window_name} #{window_layout} #{window_flags} "
    "#{pane_id} #{pane_active} #{pane_title} #{pane_current_path}"
)


def shape(fugue: Running) -> list[str]:
    return fugue("list-panes", "-a", "-F", SHAPE).splitlines()


def build(fugue: Running) -> None:
    (fugue.directory / "project").mkdir()
    fugue(
        "new-session", "-d", "-s", "work", "-n", "edit", "-x", "120", "-y", "40", "-e", "STAGE=x y"
    )
    fugue("split-window", "-h", "-t", "work", "-c", str(fugue.directory / "project"))
    fugue("split-window", "-v", "-t", "work", "-l", "7")
    fugue("new-window", "-t", "work:", "-n", "logs")
    fugue("new-session", "-d", "-s", "ops", "-x", "90", "-y", "30")
    fugue("select-pane", "-t", "work:edit.0", "-T", "the title")
    fugue("select-window", "-t", "work:edit")
    fugue(
        "send-keys",
        "-t",
        "work:edit.0",
        "echo stage is $STAGE; printf '\\033[31mred\\033[0m\\n'",
        "Enter",
    )
    fugue.wait_for("\nred\n$", "work:edit.0")
    fugue.wait_for("$ ", "ops:0")


@pytest.mark.real
def test_sigkill_of_the_server_keeps_every_process(fugue: Running) -> None:
    build(fugue)
    before, pids, text = shape(fugue), fugue.pane_pids(), fugue.history("work:edit.0", "-e")
    fugue.kill_server()
    assert shape(fugue) == before
    assert fugue.pane_pids() == pids
    assert fugue.history("work:edit.0", "-e") == text
    fugue("send-keys", "-t", "work:edit.0", "echo still-$((40+2))", "Enter")
    fugue.wait_for("still-42", "work:edit.0")
    report = json.loads(fugue("recovery", "--json"))["recovery"]
    assert {pane["status"] for pane in report["panes"]} == {"live"}
    assert report["clean"] is False
    assert report["lost"] == []


@pytest.mark.real
def test_sigkill_of_everything_brings_everything_back(fugue: Running) -> None:
    build(fugue)
    before, text = shape(fugue), fugue.history("work:edit.0", "-e").rstrip()
    fugue.kill_everything()
    assert fugue("list-sessions", "-F", "#{session_name}").split() == ["ops", "work"]
    assert shape(fugue) == before
    again = fugue.history("work:edit.0", "-e")
    assert again.startswith(text)
    assert "── restored " in again
    fugue("send-keys", "-t", "work:edit.0", "echo again $STAGE", "Enter")
    fugue.wait_for("again x y", "work:edit.0")
    report = json.loads(fugue("recovery", "--json"))["recovery"]
    assert {pane["status"] for pane in report["panes"]} == {"respawned"}


@pytest.mark.real
def test_sigkill_of_the_keeper_keeps_every_process(fugue: Running) -> None:
    build(fugue)
    before, pids = shape(fugue), fugue.pane_pids()
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    kill(keeper)
    fugue("send-keys", "-t", "work:edit.0", "echo keeper-$((40+2))", "Enter")
    fugue.wait_for("keeper-42", "work:edit.0")
    assert fugue.server_pid() == server
    until("new keeper", lambda: fugue.run("split-window", "-t", "ops").returncode == 0)
    fugue("kill-pane", "-t", "ops:0.1")
    kill(server)  # the new keeper starts the next one and still holds the old panes
    fugue.wait_for_server(other_than=server)
    assert shape(fugue) == before
    assert fugue.pane_pids() == pids


@pytest.mark.real
def test_kill_server_is_deliberate(fugue: Running) -> None:
    build(fugue)
    pids = [*fugue.pane_pids(), fugue.server_pid(), fugue.keeper_pid()]
    assert fugue("kill-server") == ""
    until("end of all processes", lambda: not any(map(alive, pids)))
    assert "no server running on" in fugue.refused("list-sessions")
    fugue("new-session", "-d", "-s", "fresh")
    assert fugue("list-sessions", "-F", "#{session_name}") == "fresh"


@pytest.mark.real
def test_whoever_comes_after_kill_server_finds_none_or_the_next(fugue: Running) -> None:
    """Its end takes a while: here until the keeper, which is stopped, has heard of it."""
    fugue("new-session", "-d", "-s", "work")
    keeper = fugue.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)
    try:
        fugue("kill-server")
        assert "no server running on" in fugue.refused("list-sessions")
        starting = fugue.begin("new-session", "-d", "-s", "next")
    finally:
        os.kill(keeper, signal.SIGCONT)
    assert starting.communicate(timeout=60) == ("", "")
    assert starting.returncode == 0
    assert fugue("list-sessions", "-F", "#{session_name}") == "next"


@pytest.mark.real
def test_sigterm_is_graceful_and_everything_comes_back(fugue: Running) -> None:
    build(fugue)
    before, server, keeper = shape(fugue), fugue.server_pid(), fugue.keeper_pid()
    os.kill(server, signal.SIGTERM)
    until("end of server and keeper", lambda: not alive(server) and not alive(keeper))
    fugue("list-sessions")
    assert shape(fugue) == before
    report = json.loads(fugue("recovery", "--json"))["recovery"]
    assert report["clean"] is True, (fugue.state / "server.log").read_text()


@pytest.mark.real
def test_a_closed_last_session_ends_the_server_for_good(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "only")
    server = fugue.server_pid()
    fugue("send-keys", "-t", "only", "exit", "Enter")
    until("end of the server", lambda: not alive(server))
    assert "no server running on" in fugue.refused("list-sessions")


@pytest.mark.real
def test_bad_input_is_one_clear_line(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    assert fugue.refused("nonsense") == "unknown command: nonsense"
    assert fugue.refused("kill-session", "-t", "nobody") == "can't find session: nobody"
    assert fugue.refused("select-pane", "-t", "%99") == "can't find pane: %99"
    assert fugue.refused("new-session", "-d", "-s", "work") == "duplicate session: work"
    assert fugue.refused("list-sessions", "-Z") == "command list-sessions: unknown flag -Z"
    assert "too long" in fugue.refused("display-message", "-p", *["x" * 100_000] * 12)
    assert fugue("list-sessions", "-F", "#{session_name}") == "work"


@pytest.mark.real
def test_garbage_on_the_socket_closes_that_connection_only(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    pid = fugue.server_pid()
    with socket.socket(socket.AF_UNIX) as garbage:
        garbage.settimeout(30)
        garbage.connect(str(fugue.runtime / "fugue" / "default"))
        with suppress(BrokenPipeError, ConnectionResetError):  # it need not read all of it
            garbage.sendall(os.urandom(100_000))
            while garbage.recv(4096):
                pass
    assert fugue.server_pid() == pid


@pytest.mark.real
def test_a_second_server_on_the_same_state_says_who_has_it(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    other = fugue.directory / "other"
    other.mkdir(mode=0o700)
    done = fugue.run("-D", XDG_RUNTIME_DIR=str(other))
    assert done.returncode == EXIT_CANNOT_START
    where = fugue.runtime / "fugue" / "default"
    assert (
        f"in use by process {fugue.server_pid()}, a server that listens on {where}" in done.stderr
    )
    assert len(done.stderr.splitlines()) == 1
    assert fugue("list-sessions", "-F", "#{pid}", XDG_RUNTIME_DIR=str(other)) == str(
        fugue.server_pid()
    )
    fugue.environment["XDG_RUNTIME_DIR"] = str(fugue.runtime)


@pytest.mark.real
def test_a_corrupt_manifest_is_set_aside_and_reported(fugue: Running) -> None:
    build(fugue)
    before = shape(fugue)
    fugue("checkpoint")
    fugue.kill_everything()
    manifests = sorted((fugue.state / "checkpoints").glob("MANIFEST-*"))
    data = bytearray(manifests[-1].read_bytes())
    data[len(data) // 2] ^= 0xFF
    manifests[-1].write_bytes(data)
    assert shape(fugue) == before
    report = json.loads(fugue("recovery", "--json"))["recovery"]
    assert [damage["what"] for damage in report["damages"]] == [manifests[-1].name]
    assert (fugue.state / report["damages"][0]["set_aside"]).read_bytes() == data


@pytest.mark.real
def test_a_file_of_commands_runs_when_the_server_starts(fugue: Running) -> None:
    file = fugue.directory / "start.conf"
    file.write_text(
        "new-session -d -s made -x 90 -y 20 # a comment\nset -g status off ; rename-window -t made one\n"
    )
    fugue("-f", str(file), "start-server")
    assert fugue("list-windows", "-a", "-F", "#{session_name} #{window_name}") == "made one"
    assert fugue("show-options", "-gv", "status") == "off"


@pytest.mark.real
def test_mistakes_in_a_file_of_commands_can_be_read_later(fugue: Running) -> None:
    file = fugue.directory / "start.conf"
    file.write_text("set -g status off\nfrobnicate\n")
    fugue("-f", str(file), "new-session", "-d")
    assert f"{file}:2: unknown command: frobnicate" in fugue("show-messages")


@pytest.mark.real
def test_what_nobody_saw_at_a_detached_start_can_be_read_later(fugue: Running) -> None:
    """A shell command of a file that failed, and a configuration with a mistake."""
    file = fugue.directory / "start.conf"
    file.write_text('run-shell "exit 3"\nset -g @done 1\n')
    config = fugue.directory / "config.toml"
    config.write_text("[persistence\n")
    fugue("--config", str(config), "-f", str(file), "new-session", "-d")
    until("end of the file", lambda: fugue("show-options", "-gqv", "@done") == "1")
    until("its message", lambda: "'exit 3' returned 3" in fugue("show-messages"))
    assert f"{config}:1: not TOML" in fugue("show-messages")


@pytest.mark.real
def test_every_line_of_a_file_of_commands_that_failed_is_told(fugue: Running) -> None:
    file = fugue.directory / "start.conf"
    file.write_text('run-shell "exit 3"\nset -g nosuch 1\nrun-shell "exit 4"\nset -g @done 1\n')
    fugue("-f", str(file), "new-session", "-d")
    until("end of the file", lambda: fugue("show-options", "-gqv", "@done") == "1")
    until("the last message", lambda: f"{file}:3: 'exit 4' returned 4" in fugue("show-messages"))
    messages = fugue("show-messages")
    assert f"{file}:1: 'exit 3' returned 3" in messages
    assert "invalid option: nosuch" in messages


@pytest.mark.real
def test_files_are_private_whatever_the_umask(fugue: Running, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        fugue("new-session", "-d", "-s", "work")
        fugue("checkpoint")
    finally:
        os.umask(old)
    for path in [*fugue.state.rglob("*"), fugue.state, *(fugue.runtime / "fugue").rglob("*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        assert path.stat().st_mode & 0o777 == wanted, path
