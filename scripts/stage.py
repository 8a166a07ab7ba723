"""A stage for recordings: a private fugue, whose client runs in a private tmux, which types and looks."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FUGUE = str(Path(sys.executable).parent / "fugue")
DEADLINE_SECONDS = 60
POLL_SECONDS = 0.1


class Stage:
    """A fugue with everything private, its client in a terminal of tmux, and what was seen so far."""

    def __init__(self, home: Path, configuration: str = "") -> None:
        self.home = home
        self._config = home / "config" / "fugue" / "config.toml"
        self._config.parent.mkdir(parents=True)
        self._config.write_text(configuration)
        (home / "run").mkdir(mode=0o700)
        self._environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "SHELL": "/bin/bash",
            "TERM": "xterm-256color",
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_RUNTIME_DIR": str(home / "run"),
            "XDG_STATE_HOME": str(home / "state"),
        }

    def run(self, *argv: str) -> str:
        """What a command prints, errors too, with the private directory as `~`."""
        done = subprocess.run(
            argv, env=self._environment, cwd=self.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return done.stdout.replace(str(self.home), "~")

    def tmux(self, *argv: str) -> str:
        """A command of the private tmux."""
        return self.run("tmux", "-S", str(self.home / "tmux"), "-f", "/dev/null", *argv)

    def open(self, columns: int, rows: int, command: str) -> None:
        """A terminal of this size in which `command` runs."""
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), command)

    def end(self) -> None:
        """Leave nothing behind."""
        self.run(FUGUE, "-N", "kill-server")
        self.tmux("kill-server")

    def type(self, *keys: str) -> None:
        """Type into the client's terminal."""
        self.tmux("send-keys", *keys)

    def screen(self, *, styled: bool = False) -> str:
        """What the person sees; `styled`: with escape sequences for colours."""
        return self.tmux("capture-pane", "-p", *(("-e",) if styled else ()))

    def wait(self, text: str) -> str:
        """The screen once it shows `text`."""
        return self.until(lambda: self.screen(), text)

    def until(self, look: Callable[[], str], text: str) -> str:
        """What `look` gives once `text` is in it."""
        end = time.monotonic() + DEADLINE_SECONDS
        while text not in (seen := look()):
            if time.monotonic() > end:
                raise SystemExit(f"{text!r} did not come; there is:\n{seen}")
            time.sleep(POLL_SECONDS)
        return seen


@contextmanager
def staged(configuration: str = "") -> Iterator[Stage]:
    """A stage in a directory that is gone afterwards, as is everything that ran there."""
    home = Path(tempfile.mkdtemp(prefix="fugue-"))
    built = Stage(home, configuration)
    try:
        yield built
    finally:
        built.end()
        shutil.rmtree(home, ignore_errors=True)
