"""The signal PrepareForShutdown on a real bus, from a fake logind: processes that end after it were ended by the
shutdown."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import Running, until

FAKE = Path(__file__).parents[1] / "support" / "fake_logind.py"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        shutil.which("dbus-daemon") is None and "CI" not in os.environ,
        reason="needs dbus-daemon (package dbus)",
    ),
]


def listens(path: Path) -> bool:
    """Whether somebody accepts connections there: the name is there a moment before."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


class Logind:
    """A bus and a logind on it."""

    def __init__(self, directory: Path) -> None:
        self.address = f"unix:path={directory / 'bus'}"
        self._said: list[str] = []
        self._bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={self.address}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until("bus", lambda: listens(directory / "bus"))
        self._logind = subprocess.Popen(
            [sys.executable, str(FAKE), self.address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._logind.stdout is not None
        os.set_blocking(self._logind.stdout.fileno(), False)
        self.wait_for("ready")

    def wait_for(self, word: str, count: int = 1) -> None:
        def said() -> bool:
            assert self._logind.stdout is not None
            self._said += (self._logind.stdout.read() or b"").decode().split()
            return self._said.count(word) >= count

        until(f"{word!r} from logind", said)

    def announce(self, word: str) -> None:
        assert self._logind.stdin is not None
        self._logind.stdin.write(word.encode() + b"\n")
        self._logind.stdin.flush()
        self.wait_for(word)

    def end(self) -> None:
        for process in (self._logind, self._bus):
            process.kill()
            process.wait()
        for pipe in (self._logind.stdin, self._logind.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def logind(tmp_path: Path) -> Iterator[Logind]:
    found = Logind(tmp_path)
    yield found
    found.end()


@pytest.fixture
def fugue(tmp_path: Path, logind: Logind) -> Iterator[Running]:
    running = Running(tmp_path, DBUS_SYSTEM_BUS_ADDRESS=logind.address)
    yield running
    running.end()


def test_what_ends_after_the_announcement_is_suspended(fugue: Running, logind: Logind) -> None:
    fugue("new-session", "-d", "-s", "work")
    (pid,) = fugue.pane_pids()
    logind.wait_for("locked")
    logind.announce("shutdown")
    logind.wait_for("released")  # a checkpoint is written by then
    assert "shutdown" in fugue("state", "list")
    os.kill(pid, signal.SIGHUP)
    until("end", lambda: fugue.format("#{pane_dead}", "work") == "1")
    assert fugue.format("#{pane_restore_status}", "work") == "suspended"


def test_a_shutdown_that_is_called_off_suspends_nothing(fugue: Running, logind: Logind) -> None:
    fugue("new-session", "-d", "-s", "stays")
    fugue("new-session", "-d", "-s", "goes")
    pid = int(fugue.format("#{pane_pid}", "goes"))
    logind.wait_for("locked")
    logind.announce("shutdown")
    logind.wait_for("released")
    logind.announce("cancelled")
    logind.wait_for("locked", 2)
    os.kill(pid, signal.SIGHUP)
    until("end", lambda: "goes" not in fugue("list-sessions"))


def test_a_bus_that_is_not_there_or_breaks_costs_nothing(fugue: Running, logind: Logind) -> None:
    fugue("new-session", "-d", "-s", "work")
    logind.wait_for("locked")
    logind.end()
    until("note", lambda: "bus_not_used" in (fugue.state / "server.log").read_text())
    fugue.kill_server()  # and the next one finds no bus at the address
    until("note", lambda: (fugue.state / "server.log").read_text().count("bus_not_used") == 2)
    assert fugue("list-sessions").startswith("work")


def test_what_programs_showed_when_it_was_announced_is_kept(fugue: Running, logind: Logind) -> None:
    """An editor that is told to end leaves its screen before the server is told."""
    draws = r"printf '\033[?1049hunsaved'; trap 'printf \\033[?1049l; exit 1' HUP; read _; :"
    fugue("new-session", "-d", "-s", "work", "-x", "40", "-y", "5", "bash", "-c", draws)
    fugue("new-window", "-d", "-t", "work:1", "bash", "-c", draws.replace("unsaved", "lives on"))
    for target in ("work:0", "work:1"):
        until("screen", lambda each=target: fugue.format("#{alternate_on}", each) == "1")  # type: ignore[misc]  # bound now
    before = fugue("capture-pane", "-p", "-t", "work:0")
    logind.wait_for("locked")
    logind.announce("shutdown")
    logind.wait_for("released")
    pid = fugue.pane_pids()[0]
    os.kill(pid, signal.SIGHUP)
    until("end", lambda: fugue.format("#{pane_dead}", "work:0") == "1")
    assert fugue.format("#{alternate_on}", "work:0") == "0"
    assert len(list((fugue.state / "screens").iterdir())) == 2
    assert fugue.refused("recovery", "screen", "%0").startswith("no last screen of %0 is kept")
    fugue.kill_everything()
    fugue("start-server")
    assert fugue("recovery", "screen", "%0") == before
    assert "lives on" in fugue("recovery", "screen", "%1")  # from what it showed at its end
    fugue.wait_for("its last screen", "work:0")
    until("no other files", lambda: len(list((fugue.state / "screens").iterdir())) == 2)
    logind.announce("shutdown")
    logind.announce("cancelled")
    fugue("checkpoint")
    until("no other files", lambda: len(list((fugue.state / "screens").iterdir())) == 2)
