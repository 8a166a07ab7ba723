"""A really started fugue with sockets and directories of its own, and an attached client on a PTY."""

import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from struct import pack

from fuguemux.terminal.emulator import Emulator
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.frames import FrameCutter

DEADLINE_SECONDS = 30.0
POLL_SECONDS = 0.02
POLL_SECONDS_MAX = 0.1
"""A condition often starts a client, which takes time from the server that is waited for."""
PROGRAM = str(Path(sys.executable).parent / "fugue")


def until(what: str, condition: Callable[[], object], seconds: float = DEADLINE_SECONDS) -> None:
    """Wait for a condition until a deadline. Then the test fails with `what`."""
    end, pause = time.monotonic() + seconds, POLL_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"no {what} within {seconds:.0f} s")
        select.select([], [], [], pause)
        pause = min(pause * 1.3, POLL_SECONDS_MAX)


def alive(pid: int) -> bool:
    """Whether any thread of the process runs. A thread that has ended and was not waited for does not count.

    The first thread of a killed process may be dead while another one still writes what it was told to write.
    """
    try:
        return any(map(_runs, Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return False


def _runs(thread: Path) -> bool:
    try:
        return (thread / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (OSError, IndexError):
        return False


def wait_dead(pid: int) -> None:
    """Wait until the process has ended."""
    until(f"end of {pid}", lambda: not alive(pid))


def kill(*pids: int, signal_number: int = signal.SIGKILL) -> None:
    """Signal all of them, then wait until all have ended (SIGKILL only)."""
    assert all(pid > 1 for pid in pids), (
        f"{pids}: a pane without a process would be all of this group"
    )
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal_number)
    if signal_number == signal.SIGKILL:
        until(f"end of {pids}", lambda: not any(map(alive, pids)))


def connected(pid: int) -> bool:
    """Whether the process has a connected Unix socket: proc_pid_net(5)."""
    sockets = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            sockets.add(os.readlink(entry))
    lines = Path("/proc/net/unix").read_text().splitlines()[1:]
    return any(
        f"socket:[{line.split()[6]}]" in sockets and line.split()[5] == "03" for line in lines
    )


READS_MAX = 100
"""A process with arguments and no environment is in execve, or has no environment at all."""


class Running:
    """A server of its own, controlled by command lines."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.directory = directory
        self.runtime, self.state_home = directory / "run", directory / "state"
        self.config = directory / "config" / "fugue" / "config.toml"
        for path in (self.runtime, self.state_home, self.config.parent):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FUGUE", "TMUX", "XDG", "LC_", "PYTHON"))
        }
        self.environment = {
            **kept,
            "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_STATE_HOME": str(self.state_home),
            "XDG_CONFIG_HOME": str(directory / "config"),
            "HOME": str(directory),
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "FUGUE_TESTING": "1",
            **environment,
        }
        (directory / ".bashrc").write_text("PS1='$ '\nunset PROMPT_COMMAND HISTFILE\n")
        (directory / ".bash_profile").write_text(". ~/.bashrc\n")
        self.seen: set[int] = set()

    @property
    def state(self) -> Path:
        """The state directory of the default server."""
        return self.state_home / "fugue" / "default"

    def run(
        self, *argv: str, stdin: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """The result of one command, whether it succeeds or not."""
        return subprocess.run(
            [PROGRAM, *argv],
            env={**self.environment, **environment},
            cwd=self.directory,
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            timeout=60,
        )

    def begin(self, *argv: str) -> subprocess.Popen[str]:
        """Start a command without waiting for it."""
        return subprocess.Popen(
            [PROGRAM, *argv],
            env=self.environment,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *argv: str, **environment: str) -> str:
        """The output of a command that must succeed, without its last newline."""
        done = self.run(*argv, **environment)
        assert done.returncode == 0, f"fugue {argv}: {done.stderr!r}"
        return done.stdout.removesuffix("\n")

    def refused(self, *argv: str) -> str:
        """The error of a command that must fail with exit code 1 and print nothing."""
        done = self.run(*argv)
        assert done.returncode == 1, (argv, done)
        assert done.stdout == "", (argv, done)
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr.removesuffix("\n")

    def format(self, text: str, target: str | None = None) -> str:
        """An expanded format."""
        return self("display-message", *(["-t", target] if target else []), "-p", text)

    def server_pid(self) -> int:
        """The server's process."""
        pid = int(self.format("#{pid}"))
        self.seen.add(pid)
        return pid

    def keeper_pid(self) -> int:
        """The keeper's process: the parent of the server."""
        status = Path(f"/proc/{self.server_pid()}/status").read_text()
        pid = next(int(line.split()[1]) for line in status.splitlines() if "PPid" in line)
        self.seen.add(pid)
        return pid

    def pane_pids(self) -> list[int]:
        """The processes of all panes."""
        pids = [int(pid) for pid in self("list-panes", "-a", "-F", "#{pane_pid}").split()]
        self.seen.update(pids)
        return pids

    def history(self, target: str, *flags: str) -> str:
        """The whole text of the pane, with wrapped lines joined."""
        return self("capture-pane", "-pJ", "-S", "-", "-t", target, *flags)

    def screen(self, target: str) -> str:
        """The text of the visible screen."""
        return self("capture-pane", "-p", "-t", target)

    def wait_for(self, text: str, target: str) -> None:
        """Wait until the pane shows or has shown `text`."""
        until(f"{text!r} in {target}", lambda: text in self.history(target))

    def wait_for_server(self, other_than: int = 0) -> int:
        """Wait until a server answers, a new one if `other_than` is given. Returns its pid."""
        found = [0]

        def answers() -> bool:
            if self._refused():
                return False
            done = self.run("-N", "display-message", "-p", "#{pid}")
            found[0] = int(done.stdout) if done.returncode == 0 and done.stdout.strip() else 0
            return found[0] not in (0, other_than)

        until("server", answers)
        self.seen.add(found[0])
        return found[0]

    def _refused(self) -> bool:
        """Whether the default socket is there and nobody accepts connections. Costs less than a client."""
        try:
            directory = os.open(self.runtime / "fugue", os.O_PATH)
        except OSError:
            return False
        with closing(socket.socket(socket.AF_UNIX)) as probe:
            try:
                probe.connect(f"/proc/self/fd/{directory}/default")  # its own path may be too long
            except ConnectionRefusedError:
                return True
            except OSError:
                return False
            finally:
                os.close(directory)
        return False

    def kill_server(self) -> int:
        """Kill the server with SIGKILL and wait for the next one. Returns its pid."""
        pid = self.server_pid()
        kill(pid)
        return self.wait_for_server(other_than=pid)

    def kill_everything(self) -> None:
        """SIGKILL server, keeper and all panes' processes, the server first."""
        panes, keeper, server = self.pane_pids(), self.keeper_pid(), self.server_pid()
        os.kill(keeper, signal.SIGSTOP)  # so that it starts no other server meanwhile
        kill(server)
        kill(keeper, *panes)

    def end(self) -> None:
        """End every process, and leave nothing behind."""
        with suppress(subprocess.TimeoutExpired):
            self.run("-N", "kill-server")
        until("end of everything", lambda: not self._kill_leftovers())

    def _kill_leftovers(self) -> bool:
        """Kill every process of this directory. Returns whether there was any, because a server may just have started
        another keeper."""
        marker, found = str(self.runtime).encode(), False
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes()
                variables = (entry / "environ").read_bytes()
                for _ in range(READS_MAX):
                    if variables or not words:
                        break
                    words = (entry / "cmdline").read_bytes()
                    variables = (entry / "environ").read_bytes()
                if marker in words or marker in variables:
                    os.kill(int(entry.name), signal.SIGKILL)
                    found = True
                elif not (words or variables) and os.readlink(entry / "exe"):
                    found = True  # it is in execve now: the next round knows its owner
        return found

    @contextmanager
    def attached(
        self, *argv: str, columns: int = 80, rows: int = 24, **environment: str
    ) -> Iterator["Attached"]:
        """A client on a PTY of its own."""
        client = Attached(
            [PROGRAM, *(argv or ("attach-session",))],
            {**self.environment, **environment},
            self.directory,
            columns,
            rows,
        )
        try:
            yield client
        finally:
            client.close()


class Attached:
    """A client in a terminal in which a test can type and which it can read."""

    def __init__(
        self,
        argv: list[str],
        environment: dict[str, str],
        directory: Path,
        columns: int,
        rows: int,
    ) -> None:
        self.terminal: Emulator = GhosttyEmulator(columns, rows)
        self.raw = bytearray()
        self._cutter = FrameCutter()
        self._unseen: deque[bytes] = deque()
        self._master, slave = pty.openpty()
        self.tty = os.ttyname(slave)
        termios.tcsetwinsize(self._master, (rows, columns))
        self.process = subprocess.Popen(
            argv,
            env=environment,
            cwd=directory,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_controlling_terminal,
        )
        self._slave = slave
        os.set_blocking(self._master, False)

    def type(self, keys: bytes) -> None:
        """Type raw bytes."""
        os.write(self._master, keys)

    def resize(self, columns: int, rows: int) -> None:
        """Another terminal size; the client gets SIGWINCH."""
        self.terminal.resize(columns, rows)
        termios.tcsetwinsize(self._master, (rows, columns))

    def read(self) -> None:
        """Read what the client has drawn, up to its last complete frame."""
        for _ in self._frames():
            pass

    def _frames(self) -> Iterator[None]:
        """As `read`, one frame after another, so that a screen that is shown for a moment is seen even if the test
        reads late."""
        with suppress(BlockingIOError, OSError):
            while data := os.read(self._master, 1 << 16):
                self.raw += data
                self._unseen.extend(self._cutter.cut(data))
        while self._unseen:
            self.terminal.feed(self._unseen.popleft())
            yield

    def _seen(self) -> str:
        return "\n".join(self.terminal.screen_text())

    def text(self) -> str:
        """The text on the screen."""
        self.read()
        return self._seen()

    def wait_for(self, text: str, seconds: float = DEADLINE_SECONDS) -> None:
        """Wait until the screen shows `text`, or has shown it since the last reading."""

        def seen() -> bool:
            return any(text in self._seen() for _ in self._frames()) or text in self._seen()

        try:
            until(f"{text!r} on the screen", seen, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows:\n{self.text()}") from None

    def wait_exit(self) -> int:
        """Wait for the client to end. Returns its exit code."""

        def ended() -> bool:
            self.read()
            return self.process.poll() is not None

        until("end of the client", ended)
        self.read()
        self.terminal.feed(self._cutter.rest())
        assert self.process.returncode is not None
        return self.process.returncode

    def close(self) -> None:
        """Kill the client if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)
        os.close(self._slave)


def _take_controlling_terminal() -> None:
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, pack("i", 0))
