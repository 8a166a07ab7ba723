"""A real tmux and a real fugue, each with a directory of its own, that are given the same command lines."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from fuguemux.client.start import WAITING
from tests.support.running import Running, until

TMUX = shutil.which("tmux")
Answer = tuple[int, str, str]


class Shows(NamedTuple):
    """A step that waits until a pane shows a text."""

    target: str
    text: str


class Tmux:
    """A tmux server on a socket of its own."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.directory = directory
        self._base = [str(TMUX), "-S", str(directory / "socket"), "-f", "/dev/null"]
        self.environment = environment

    def run(self, *words: str, stdin: str = "") -> Answer:
        done = subprocess.run(
            [*self._base, *words],
            capture_output=True,
            text=True,
            input=stdin,
            cwd=self.directory,
            env=self.environment,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


class Pair:
    """tmux and fugue, each with a directory of its own."""

    def __init__(self, directory: Path) -> None:
        for name in ("tmux", "fugue"):
            (directory / name).mkdir(mode=0o700)
        self.fugue = Running(directory / "fugue", SHELL="/bin/sh", PS1="$ ", TZ="UTC")
        environment = {
            **{k: v for k, v in self.fugue.environment.items() if not k.startswith("XDG")},
            "HOME": str(directory / "tmux"),
        }
        self.tmux = Tmux(directory / "tmux", environment)

    def both(self, *words: str, stdin: str = "") -> tuple[Answer, Answer]:
        """The answers of tmux and of fugue. DIRECTORY in `words` is the directory of each."""
        done = self.fugue.run(*_in(self.fugue.directory, words), stdin=stdin)
        theirs = self._plain(self.tmux.run(*_in(self.tmux.directory, words), stdin=stdin))
        said = done.stderr.replace(f"{WAITING}\n", "")  # a slow machine: tmux waits without a word
        return theirs, self._plain((done.returncode, done.stdout, said))

    def wait(self, step: Shows) -> None:
        def shown(answer: Answer) -> bool:
            return step.text in answer[1]

        words = ("capture-pane", "-p", "-S", "-", "-t", step.target)
        until(f"{step.text!r} in both", lambda: all(map(shown, self.both(*words))))

    def _plain(self, answer: Answer) -> Answer:
        code, out, err = answer
        return code, self._normal(out), self._normal(err)

    def _normal(self, text: str) -> str:
        for path in (self.tmux.directory / "socket", self.fugue.runtime / "fugue" / "default"):
            text = text.replace(str(path), "SOCKET")
        for path in (self.tmux.directory, self.fugue.directory):
            text = text.replace(str(path), "DIRECTORY")
        text = re.sub(r"/dev/pts/\d+", "TTY", text)
        return re.sub(r"\(created [^)]*\)", "(created DATE)", text)

    def end(self) -> None:
        self.tmux.run("kill-server")
        self.fugue.end()


def _in(directory: Path, words: tuple[str, ...]) -> list[str]:
    return [word.replace("DIRECTORY", str(directory)) for word in words]
