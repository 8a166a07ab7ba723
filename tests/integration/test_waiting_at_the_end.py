"""Commands that wait do not prevent a server from ending, and each is told what happened to what it waited for."""

import fcntl
import signal
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests.support.running import PROGRAM, Attached, Running, alive, kill, until

pytestmark = pytest.mark.real

PIPE_BYTES = 65_536
STARTED = ("run", "behind", "if")


class Waiters:
    """One of each kind, all of them waiting when this is made."""

    def __init__(self, fugue: Running, attached: Attached) -> None:
        self.attached = attached
        fugue("new-session", "-d", "-s", "other", "cat")
        fugue("wait-for", "-L", "lock")
        self.channel = fugue.begin(
            *[
                "set-option",
                "-g",
                "@channel",
                "1",
                ";",
                "wait-for",
                "done",
                ";",
                "display-message",
                "-p",
                "woken",
            ]
        )
        self.lock = fugue.begin(*["set-option", "-g", "@lock", "1", ";", "wait-for", "-L", "lock"])
        self.run = fugue.begin("run-shell", "touch run; sleep 300")
        self.behind = fugue.begin("run-shell", "-b", "touch behind; sleep 300; touch behind-ended")
        self.branch = fugue.begin(
            "if-shell", "touch if; sleep 300", "set-option -g @then 1", "set-option -g @else 1"
        )
        self.input = subprocess.Popen(
            [PROGRAM, "load-buffer", "-b", "half", "-"],
            env=fugue.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.unread = fugue.begin("run-shell", "head -c 3000000 /dev/zero | tr '\\0' x")
        attached.type(b"\x02:display-message half-typed")
        attached.wait_for("half-typed")
        options = ("show-options", "-gqv", "@channel", ";", "show-options", "-gqv", "@lock")
        until("those who wait for channels", lambda: fugue(*options) == "1\n1")
        until("shell commands", lambda: all((fugue.directory / n).exists() for n in STARTED))
        until("output that nobody reads", lambda: _unread(self.unread) == PIPE_BYTES)


def _unread(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(struct.unpack("i", fcntl.ioctl(process.stdout, termios.FIONREAD, b"\0" * 4))[0])


def told(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command that ends."""
    out, error = process.communicate(timeout=60)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    return process.returncode, out, error


def check_what_jobs_were_told(waiters: Waiters) -> None:
    """The same at every end: the shell command of run-shell runs on, as in tmux; the branches of if-shell do not happen."""
    code, out, error = told(waiters.run)
    assert (code, out) == (1, "")
    assert error == (
        "run-shell: the server ended first; this command keeps running without it: touch run; sleep 300\n"
    )
    code, out, error = told(waiters.branch)
    assert (code, out) == (1, "")
    assert error == "if-shell: the server ended before the shell command did: nothing was run\n"
    code, out, error = told(waiters.input)
    assert (code, out) == (1, "")
    assert error == "load-buffer: the server ended first: nothing was stored\n"
    assert told(waiters.behind) == (0, "", "")
    code, out, error = told(waiters.unread)
    assert (code, error) == (1, "server exited unexpectedly\n")
    assert len(out) >= PIPE_BYTES


def shell_commands(fugue: Running) -> list[int]:
    """The shells of run-shell that sleep."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
                mine = str(fugue.runtime).encode() in (entry / "environ").read_bytes()
            except OSError:
                continue
            if mine and words.startswith(b"/bin/sh") and b"sleep 300" in words:
                found.append(int(entry.name))
    return sorted(found)


@pytest.mark.parametrize("end", ["kill", "term"])
def test_everybody_who_waits_is_told_of_the_end(fugue: Running, end: str) -> None:
    with fugue.attached("new-session", "-s", "work", "cat") as client:
        waiters = Waiters(fugue, client)
        server, jobs = fugue.server_pid(), shell_commands(fugue)
        if end == "kill":
            fugue("kill-server")
        else:
            kill(server, signal_number=signal.SIGTERM)
        until("end of the server", lambda: not alive(server))
        assert told(waiters.channel) == (0, "", "")  # tmux lets them go like this
        assert told(waiters.lock) == (0, "", "")
        check_what_jobs_were_told(waiters)
        assert client.wait_exit() == 0
        assert ("[exited]" if end == "kill" else "[server exited]") in client.text()
        assert len(jobs) == 3
        assert all(map(alive, jobs))


def test_a_restart_waits_for_nobody_and_strands_nobody(fugue: Running) -> None:
    with fugue.attached("new-session", "-s", "work", "cat") as client:
        waiters = Waiters(fugue, client)
        server, jobs = fugue.server_pid(), shell_commands(fugue)
        assert "serves as process" in fugue("restart-server")
        until("end of the server", lambda: not alive(server))
        assert fugue.server_pid() != server
        check_what_jobs_were_told(waiters)
        assert all(map(alive, jobs))
        assert fugue("show-options", "-gqv", "@then") + fugue("show-options", "-gqv", "@else") == ""
        assert fugue("list-buffers") == ""
        client.type(b"echo the client is still here\r")
        client.wait_for("the client is still here")
        assert waiters.channel.poll() is None
        fugue("wait-for", "-S", "done")
        assert told(waiters.channel) == (0, "woken\n", "")
        assert waiters.lock.poll() is None  # it is locked as before
        fugue("wait-for", "-U", "lock")
        assert told(waiters.lock) == (0, "", "")


def test_a_loop_of_restarts_finds_whoever_waits(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    waiting = [fugue.begin("wait-for", "done") for _ in range(3)]
    for _ in range(2):
        fugue("restart-server")
    assert [process.poll() for process in waiting] == [None] * len(waiting)

    def all_ended() -> bool:
        fugue("wait-for", "-S", "done")  # again for those that were on their way to the next server
        return all(process.poll() is not None for process in waiting)

    until("end of all who wait", all_ended)
    assert [told(process) for process in waiting] == [(0, "", "")] * len(waiting)


@pytest.mark.parametrize("end", ["restart", "crash", "reboot"])
def test_channels_are_remembered_as_long_as_somebody_may_know_of_them(
    fugue: Running, end: str
) -> None:
    """After a reboot nobody is left who could unlock what was locked."""
    fugue("new-session", "-d", "-s", "work", "cat")
    for words in ("-S woken", "-S taken", "taken", "-L locked", "-L free", "-U free"):
        fugue("wait-for", *words.split())
    if end == "restart":
        fugue("restart-server")
    elif end == "crash":
        fugue.kill_server()
    else:
        fugue.kill_everything()
        fugue("has-session", "-t", "work")
    locking = fugue.begin("wait-for", "-L", "locked")
    fugue("wait-for", "-L", "free")
    if end != "reboot":
        fugue("wait-for", "woken")
        assert fugue.refused("wait-for", "-U", "taken") == "channel taken not locked"
        fugue("wait-for", "-U", "locked")
    assert told(locking) == (0, "", "")
