"""Drives a private fugue by its command line, and compares what it holds at two moments."""

import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

SHAPE = (
    "#{session_name}\t#{session_id}\t#{window_index}\t#{window_id}\t#{window_name}\t#{window_layout}\t#{window_flags}\t"
    "#{pane_id}\t#{pane_active}\t#{pane_title}\t#{pane_current_path}\t#{pane_pid}"
)
SEPARATOR = "── restored "


class Fugue:
    """One private server, by its command."""

    def __init__(self, program: Path, directory: Path) -> None:
        runtime, state = directory / "run", directory / "state"
        runtime.mkdir(mode=0o700)
        state.mkdir(mode=0o700)
        self._argv = [str(program), "-L", "demo"]
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FUGUE", "TMUX", "XDG"))
        }
        self._environment = {
            **clean,
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_STATE_HOME": str(state),
            "XDG_CONFIG_HOME": str(directory / "config"),
            "SHELL": "/bin/bash",
            "HOME": str(directory),
            "PS1": "$ ",
        }
        self._pids: set[int] = set()

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._argv, *argv],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    def __call__(self, *argv: str) -> str:
        """The output without its last newline. Raises SystemExit when the command fails."""
        done = self.run(*argv)
        if done.returncode != 0:
            raise SystemExit(f"demo: FAILED: fugue {' '.join(argv)}: {done.stderr.strip()}")
        return done.stdout.removesuffix("\n")

    def try_line(self, *argv: str) -> str:
        """The output, or nothing while no server answers."""
        done = self.run(*argv)
        return done.stdout.strip() if done.returncode == 0 else ""

    def history(self, pane: str, *flags: str) -> str:
        """Everything the pane still knows, wrapped lines joined."""
        return self("capture-pane", "-pJ", "-S", "-", "-t", pane, *flags)

    def keeper_pid(self) -> int:
        """The process that holds the terminals: the parent of the server."""
        server = self("display-message", "-p", "#{pid}")
        status = Path(f"/proc/{server}/status").read_text()
        return next(
            int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:")
        )

    def end(self) -> None:
        """Whatever happened, leave no process behind."""
        if self.run("kill-server").returncode == 0:
            return
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if (
                        str(self._environment["XDG_RUNTIME_DIR"]).encode()
                        in (entry / "cmdline").read_bytes()
                    ):
                        os.kill(int(entry.name), signal.SIGKILL)
                except OSError:
                    continue


@dataclass
class Shape:
    """What is compared: a row per pane, its process, and what its screen and scrollback show."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    pids: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, fugue: Fugue, *, texts: bool = False) -> "Shape":
        shape = cls()
        for line in fugue("list-panes", "-a", "-F", SHAPE).splitlines():
            *row, pid = line.split("\t")
            pane = row[7]
            shape.rows.append(tuple(row))
            shape.pids[pane] = int(pid)
            if texts:
                shape.texts[pane] = fugue.history(pane, "-e").rstrip()
        return shape


def differences(before: Shape, after: Shape, *, same_processes: bool) -> list[str]:
    """One line for everything that is not as it was."""
    found = []
    for row in before.rows:
        if row not in after.rows:
            now = [other for other in after.rows if other[7] == row[7]]
            found.append(f"{row} is now {now[0] if now else 'gone'}")
    found += [f"{row} was not there before" for row in after.rows if row[7] not in before.pids]
    if same_processes and before.pids != after.pids:
        found.append(f"process ids {before.pids} are now {after.pids}")
    for pane, text in before.texts.items():
        now_text = after.texts.get(pane, "")
        if not now_text.startswith(text):
            found.append(f"the text of {pane} differs: {_first_difference(text, now_text)}")
        if SEPARATOR not in now_text:
            found.append(f"{pane} does not say that it was restored")
    return found


def _first_difference(before: str, after: str) -> str:
    now = after.splitlines()
    for number, line in enumerate(before.splitlines()):
        other = now[number] if number < len(now) else "(nothing)"
        if line != other:
            return f"line {number + 1} was {line!r}, is {other!r}"
    return "the end"
