"""The client with the real keeper and server: how it starts them, its messages if they cannot start, and
reconnecting."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuguemux.keeper.helper_record import STOPPED_FILE
from tests.support.terminal_client import CLIENT, client_environment, terminal_client

pytestmark = pytest.mark.real


class Home:
    """A person's directories, and the client with them."""

    def __init__(self, directory: Path) -> None:
        self.runtime = directory / "run"
        self.state = directory / "state"
        self.runtime.mkdir(mode=0o700)
        self.environment = client_environment(
            XDG_RUNTIME_DIR=str(self.runtime),
            XDG_STATE_HOME=str(self.state),
            XDG_CONFIG_HOME=str(directory / "config"),
            SHELL="/bin/sh",
            PS1="$ ",
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CLIENT, *words],
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=60,
            check=False,
        )

    def ask(self, *words: str) -> str:
        done = self.run(*words)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.rstrip("\n")

    def kill_server(self) -> int:
        """SIGKILL for the server; returns its process id."""
        pid = int(self.ask("display-message", "-p", "#{pid}"))
        os.kill(pid, signal.SIGKILL)
        return pid


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.run("kill-server")


def test_a_session_is_made_from_nothing_and_ended_for_good(home: Home) -> None:
    socket = home.runtime / "fugue" / "default"
    done = home.run("ls")
    assert (done.stderr, done.returncode) == (
        f"error connecting to {socket} (No such file or directory)\n",
        1,
    )
    assert home.ask("new-session", "-d", "-s", "work", "sh") == ""
    assert home.ask("ls", "-F", "#{session_name}") == "work"
    assert socket.stat().st_mode & 0o777 == 0o600
    assert home.ask("kill-server") == ""
    done = home.run("has-session", "-t", "work")
    assert (done.stderr, done.returncode) == (f"no server running on {socket}\n", 1)
    assert (home.state / "fugue" / "default" / STOPPED_FILE).exists()


def test_two_clients_that_start_at_once_get_one_server(home: Home) -> None:
    clients = [
        subprocess.Popen(
            [*CLIENT, "new-session", "-d", "-s", name, "sh"],
            env=home.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two", "three")
    ]
    assert [(client.communicate(timeout=60)[1], client.returncode) for client in clients] == [
        ("", 0)
    ] * 3
    assert home.ask("ls", "-F", "#{session_name}").split() == ["one", "three", "two"]


def test_any_command_brings_the_sessions_of_a_crash_back(home: Home) -> None:
    home.ask("new-session", "-d", "-s", "work", "sh")
    first = home.kill_server()
    assert home.ask("ls", "-F", "#{session_name}") == "work"
    assert int(home.ask("display-message", "-p", "#{pid}")) != first


def test_an_attached_client_comes_back_when_the_server_is_killed(home: Home) -> None:
    home.ask("new-session", "-d", "-s", "work", "sh")
    with terminal_client("attach", "-t", "work", environment=home.environment) as client:
        client.until(b"$ ")
        client.type(b"echo be''fore\r")
        client.until(b"before")
        client.screen = b""
        home.kill_server()
        client.until(b"before")
        client.type(b"echo af''ter\r")
        client.until(b"after")
        client.type(b"\x02d")
        assert client.wait() == 0
        assert client.screen.endswith(b"[detached (from session work)]\r\n")
        assert client.restored()


def test_the_end_of_the_last_shell_ends_the_client(home: Home) -> None:
    with terminal_client("new-session", "-s", "work", "sh", environment=home.environment) as client:
        client.until(b"$ ")
        client.type(b"exit\r")
        assert client.wait() == 0
        assert client.screen.endswith(b"[exited]\r\n")
        assert client.restored()


def test_a_state_directory_that_is_none_is_named(home: Home) -> None:
    home.state.write_text("a file")
    done = home.run("new-session", "-d")
    assert done.returncode == 1
    assert str(home.state) in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
