"""Record a live reload of the configuration: `python scripts/record_reload.py > docs/operating-reload.txt`.

Everything in the recording happens: vim runs in a pane of a private fugue, whose client runs in a private tmux, which types
and looks. Needs vim and tmux, and takes some seconds.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

FUGUE = str(Path(sys.executable).parent / "fugue")
DEADLINE_SECONDS = 60
POLL_SECONDS = 0.1
FILE = "~/config/fugue/config.toml"
BEGINNING = """\
[persistence]
checkpoint_interval_secs = 30

[server]
history_limit = 10000
"""


class Stage:
    """A fugue with everything private, its client in a terminal of tmux, and what was seen so far."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._config = home / "config" / "fugue" / "config.toml"
        self._config.parent.mkdir(parents=True)
        self._config.write_text(BEGINNING)
        (home / "run").mkdir(mode=0o700)
        self._environment = {
            "PATH": os.environ["PATH"],
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
            argv, env=self._environment, cwd=self._home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return done.stdout.replace(str(self._home), "~")

    def tmux(self, *argv: str) -> str:
        """A command of the private tmux."""
        return self.run("tmux", "-S", str(self._home / "tmux"), "-f", "/dev/null", *argv)

    def begin(self) -> None:
        """Attach, and open the file in vim."""
        vim = "vim -u NONE -c 'set noswapfile' config/fugue/config.toml"
        start = f"{FUGUE} new-session -s work bash --norc"
        self.tmux("new-session", "-d", "-x", "100", "-y", "12", start)
        self.wait("[work]")
        self.type(vim, "Enter")
        self.wait("history_limit = 10000")

    def end(self) -> None:
        """Leave nothing behind."""
        self.run(FUGUE, "-N", "kill-server")
        self.tmux("kill-server")

    def type(self, *keys: str) -> None:
        """Type into the client's terminal."""
        self.tmux("send-keys", *keys)

    def screen(self) -> str:
        """What the person sees."""
        return self.tmux("capture-pane", "-p").replace(str(self._home), "~")

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


def tell(text: str) -> None:
    """A line of the story."""
    print(text, end="\n\n")


def show_screen(screen: str) -> None:
    """The client's terminal, in a frame."""
    rows = screen.rstrip("\n").split("\n")
    print("    ┌" + "─" * 100 + "┐")
    for row in rows:
        print(f"    │{row:100}│")
    print("    └" + "─" * 100 + "┘\n")


def show_command(stage: Stage, shown: str, *argv: str, only: tuple[str, ...] = ()) -> None:
    """A command and what it printed, or those lines that begin with one of `only`."""
    print(f"    $ {shown}")
    for line in stage.run(*argv).splitlines():
        if not only or line.startswith(only):
            print(f"    {line}")
    print()


def record(stage: Stage) -> None:
    """The story itself."""
    status = (FUGUE, "status")
    stage.begin()
    tell("A running server follows its configuration file. Recorded by scripts/record_reload.py.")
    tell("Two values are changed in vim, in a pane of the server itself:")
    stage.type(":2s/30/1/ | 5s/10000/500/ | w", "Enter")
    show_screen(stage.wait("checkpoint_interval_secs 30 → 1"))
    tell("The effect: a checkpoint within a second or two, and another default of the option.")
    stage.until(lambda: stage.run(*status), "interval,")
    show_command(stage, "fugue status", *status, only=("checkpoint", "configuration"))
    show_command(
        stage, "fugue show-options -gv history-limit", FUGUE, "show-options", "-gv", "history-limit"
    )
    tell(
        "Now the file is broken, in two places; nothing changes, and everything that is wrong is told:"
    )
    stage.type(":2s/1$/0/ | 5s/_limit/_limits/ | w", "Enter")
    show_screen(stage.wait("not changed"))
    told = ("configuration", "error")
    show_command(stage, "fugue status", *status, only=told)
    show_command(
        stage, "fugue config reload; echo $?", "sh", "-c", f"{FUGUE} config reload; echo $?"
    )
    show_command(
        stage, f"fugue config check {FILE}; echo $?", "sh", "-c", f"{FUGUE} config check; echo $?"
    )
    tell("And repaired:")
    stage.type(":2s/0$/5/ | 5s/_limits/_limit/ | w", "Enter")
    show_screen(stage.wait("checkpoint_interval_secs 1 → 5"))
    tell("What the log has of it:")
    log = "state/fugue/default/server.log"
    show_command(stage, f"grep config ~/{log}", "grep", "config", log)


def main() -> None:
    """Record in a directory that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="fugue-"))
    stage = Stage(home)
    try:
        record(stage)
    finally:
        stage.end()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
