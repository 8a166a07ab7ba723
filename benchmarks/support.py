"""What the benchmarks share: private multiplexers, a client on a drained PTY, CPU seconds, tables and JSON lines."""

import argparse
import contextlib
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
FUGUE = str(Path(sys.executable).parent / "fugue")
TMUX = shutil.which("tmux")
HISTORY_LINES = 10_000
COLUMNS, ROWS = 80, 24
DEADLINE_SECONDS = 120.0
RUNTIME_PARENT = "/dev/shm" if os.path.isdir("/dev/shm") else None
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def until(what: str, condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"no {what} within {seconds:.0f} s")
        time.sleep(0.01)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def add_builds_option(parser: argparse.ArgumentParser) -> None:
    """`--fugue NAME=PROGRAM`, for builds that are compared with each other and with nobody else."""
    parser.add_argument(
        "--fugue",
        action="append",
        metavar="NAME=PROGRAM",
        help="compare these builds, given once each: before=…/fugue --fugue after=…/fugue",
    )


def builds(asked: Sequence[str] | None) -> dict[str, str]:
    """What `add_builds_option` was given: programs by name, in order."""
    return dict(entry.split("=", 1) for entry in asked or ())


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def clean_environment(directory: Path) -> dict[str, str]:
    """The environment of everything that is measured: nothing of this shell's multiplexers or configuration."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FUGUE", "TMUX", "XDG", "LC_", "PYTHON"))
    }
    run = (directory.parent / "run").resolve() / directory.name
    return {
        **kept,
        "XDG_RUNTIME_DIR": str(run),
        "XDG_STATE_HOME": str(directory / "state"),
        "XDG_CONFIG_HOME": str(directory / "config"),
        "TMUX_TMPDIR": str(run),
        "HOME": str(directory),
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
    }


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """A directory on the disk (not tmpfs), gone afterwards. Its `run` is on tmpfs, as run-time directories are."""
    with (
        tempfile.TemporaryDirectory(prefix="fugue-bench-", dir="/var/tmp") as name,
        tempfile.TemporaryDirectory(prefix="fugue-bench-", dir=RUNTIME_PARENT) as runtime,
    ):
        directory = Path(name)
        (directory / "run").symlink_to(runtime)
        yield directory


class Multiplexer:
    """A private server of fugue or tmux, driven by its command line; `name` tells several builds of one program apart."""

    def __init__(
        self, program: str, directory: Path, options: Sequence[str] = (), *, name: str = ""
    ) -> None:
        self.program = program
        self.name = name or Path(program).name
        self.directory = directory / self.name
        self.environment = clean_environment(self.directory)
        for variable in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            Path(self.environment[variable]).mkdir(mode=0o700, parents=True)
        commands = self.directory / "commands.conf"
        commands.write_text("\n".join([f"set -g history-limit {HISTORY_LINES}", *options]) + "\n")
        self._argv = [program, "-f", str(commands)]

    def __call__(self, *argv: str) -> str:
        """The output of a command. Raises RuntimeError with what it said when it fails."""
        done = subprocess.run(
            [*self._argv, *argv],
            env=self.environment,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS,
        )
        if done.returncode:
            raise RuntimeError(f"{self.name} {argv}: exit code {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def server_pid(self) -> int:
        return int(self("display-message", "-p", "#{pid}"))

    def screens_waiting(self) -> int:
        """How many screens fugue's server has not rebuilt yet."""
        recovery = json.loads(self("status", "--json"))["status"]["recovery"]
        return int(recovery["screens_waiting"])

    def attach(self, columns: int = COLUMNS, rows: int = ROWS + 1) -> "Attached":
        return Attached([*self._argv, "attach"], self.environment, self.directory, columns, rows)

    def end(self) -> None:
        """Stop the server; whatever is left of it then is killed."""
        with contextlib.suppress(subprocess.SubprocessError):
            subprocess.run(
                [*self._argv, "kill-server"], env=self.environment, timeout=10, capture_output=True
            )
        end_all(self.directory)


def end_all(directory: Path) -> None:
    """Kill every process whose command line or environment names `directory`."""
    marker = str(directory).encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if marker in (entry / "environ").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)


class Attached:
    """A client on a PTY; a thread reads everything it draws."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        columns: int,
        rows: int,
    ) -> None:
        self.bytes = 0
        self.seen: Callable[[bytes], None] = lambda _data: None
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            argv,
            env=environment,
            cwd=directory,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()
        until("attached client", lambda: self.bytes)

    def _drain(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 1 << 16):
                self.bytes += len(data)
                self.seen(data)

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._thread.join(5)
        os.close(self.master)


class Fifos:
    """The line to a `pane_program`: which file it is to print, how long that took."""

    def __init__(self, directory: Path, name: str) -> None:
        self.paths = [str(directory / f"{name}.{end}") for end in ("go", "done")]
        for path in self.paths:
            os.mkfifo(path)
        self._go = os.open(self.paths[0], os.O_RDWR)
        self._done = os.open(self.paths[1], os.O_RDWR)

    @property
    def argv(self) -> list[str]:
        """What the pane runs."""
        return [sys.executable, "-I", str(HERE / "pane_program.py"), *self.paths]

    def measure(self, path: Path | None) -> float:
        """Seconds to `cat` the file; None: only the cursor query."""
        os.write(self._go, f"{path or ''}\n".encode())
        ready, _, _ = select.select([self._done], [], [], DEADLINE_SECONDS)
        if not ready:
            raise TimeoutError(f"{path} was not printed within {DEADLINE_SECONDS:.0f} s")
        return float(os.read(self._done, 4096))

    def close(self) -> None:
        os.close(self._go)
        os.close(self._done)


class RawReader:
    """The process that reads a PTY and does nothing else."""

    name = "raw"

    def __init__(self, directory: Path, fifos: Fifos) -> None:
        argv = [sys.executable, "-I", str(HERE / "raw_reader.py"), *fifos.paths]
        self._process = subprocess.Popen(argv, env=clean_environment(directory))

    def server_pid(self) -> int:
        return self._process.pid

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def machine() -> dict[str, object]:
    """What the numbers were measured on, and what else ran."""
    load = os.getloadavg()
    peer = (
        subprocess.run([TMUX, "-V"], capture_output=True, text=True, check=True) if TMUX else None
    )
    return {
        "cpus": os.cpu_count(),
        "kernel": os.uname().release,
        "python": ".".join(map(str, sys.version_info[:3])),
        "tmux": peer.stdout.strip() if peer else "not installed",
        "load_1min": round(load[0], 1),
        "load_5min": round(load[1], 1),
    }


def json_line(benchmark: str, **results: object) -> None:
    """The one line for machines, last."""
    print(json.dumps({"benchmark": benchmark, **machine(), **results}), flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print(flush=True)
