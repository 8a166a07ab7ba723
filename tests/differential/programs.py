"""A tmux server and a fugue server that run the same scripts, one after the other, as fast as possible.

A case is a script: lines of words. Each line runs in both programs, and exit code, output and errors are compared. The
servers live through many cases: a case gets a session of its own, and what it changed is undone afterwards.
Ids are counted from what that session got, so `%+1` in a script is the second pane that the case opened.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.running import Running

TMUX = shutil.which("tmux")
Words = tuple[str, ...]
SLEEP = "exec sleep 100000"
_RELATIVE = re.compile(r"([$@%])\+(\d+)")
_ID = re.compile(r"([$@%])(\d+)\b")
_KEEPER: Words = ("new-session", "-d", "-s", "keeper", "-x", "80", "-y", "24", SLEEP)
"""A session that outlives every case, so that no case ends the server."""
_FIRST: tuple[Words, ...] = (
    ("set-option", "-g", "automatic-rename", "off"),
    ("set-option", "-s", "exit-empty", "off"),
    ("set-option", "-g", "history-limit", "2000"),
)
"""Where the defaults of the two differ on purpose, or depend on time."""
_CHANGE_NOTHING_ELSE = frozenset(
    (
        *("new-session", "new-window", "split-window", "kill-pane", "kill-window", "kill-session"),
        *("select-pane", "select-window", "select-layout", "resize-pane", "resize-window"),
        *("swap-pane", "swap-window", "move-window", "link-window", "unlink-window", "move-pane"),
        *("join-pane", "break-pane", "rotate-window", "rename-window", "rename-session"),
        *("next-window", "previous-window", "last-window", "last-pane", "next-layout"),
        *("previous-layout", "display-message", "list-panes", "list-windows", "list-sessions"),
        *("has-session", "list-commands", "respawn-pane", "respawn-window"),
    )
)
"""Commands that change sessions, windows and panes alone, which end with the case."""
KEY_TABLES = ("prefix", "root", "mine")
"""The tables of keys that scripts change."""
VARIABLES = ("AA", "BB", "EDITOR", "empty")
"""The variables that scripts set."""
_NEXT: tuple[tuple[str, Words], ...] = (
    ("$", ("new-session", "-d")),
    ("@", ("new-window", "-d", "-t", "keeper:")),
    ("%", ("split-window", "-d", "-t", "keeper:0")),
)
"""What makes the next id of each kind larger. The first two also make the later ones larger."""


class Answer(NamedTuple):
    """What a program answered."""

    code: int
    out: str
    err: str


class Difference(NamedTuple):
    """A line of a script that the two answered differently."""

    line: Words
    tmux: Answer
    fugue: Answer

    def __str__(self) -> str:
        words = " ".join(json.dumps(word) for word in self.line)
        return f"{words}\n  tmux:  {tuple(self.tmux)}\n  fugue: {tuple(self.fugue)}"


class _Program:
    """What both have: ids that are relative to a case."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.bases = {"$": 0, "@": 0, "%": 0}

    def answer(self, words: Words) -> Answer:
        raise NotImplementedError

    def run(self, words: Words) -> Answer:
        """Run one line of a script."""
        real = tuple(_RELATIVE.sub(self._absolute, word) for word in words)
        code, out, err = self.answer(real)
        return Answer(code, self._normal(out), self._normal(err))

    def _absolute(self, found: re.Match[str]) -> str:
        return f"{found[1]}{self.bases[found[1]] + int(found[2])}"

    def _normal(self, text: str) -> str:
        text = text.replace(str(self.directory), "DIRECTORY")
        text = re.sub(r"\(created [^)]*\)", "(created DATE)", text)
        text = re.sub(r", \d+ bytes\]", ", N bytes]", text)
        return _ID.sub(self._relative, text)

    def _relative(self, found: re.Match[str]) -> str:
        number = int(found[2]) - self.bases[found[1]]
        return f"{found[1]}+{number}" if number >= 0 else found[0]

    def begin(self, columns: int, rows: int) -> dict[str, int]:
        """Make a new session called main. Ids count from its own, which are returned."""
        size = ("-x", str(columns), "-y", str(rows))
        form = ("-P", "-F", "#{session_id} #{window_id} #{pane_id}")
        found = self.answer(("new-session", "-d", "-s", "main", *size, *form, SLEEP))
        assert found.code == 0, found
        self.bases = {word[0]: int(word[1:]) for word in found.out.split()}
        return self.bases


class Tmux(_Program):
    """tmux, one process for each line."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        super().__init__(directory)
        self._base = [str(TMUX), "-S", str(directory / "socket"), "-f", "/dev/null"]
        self._environment = environment

    def answer(self, words: Words) -> Answer:
        done = subprocess.run(
            [*self._base, *words],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            cwd=self.directory,
            env=self._environment,
            timeout=60,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


class Fugue(_Program):
    """fugue, whose client runs in one process for all lines: `client_process` is its other end."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.running = Running(directory, SHELL="/bin/sh", PS1="$ ", TZ="UTC")
        self.running(*_KEEPER)
        self._client = subprocess.Popen(
            [sys.executable, "-m", "tests.differential.client_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**self.running.environment, "PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
        )

    def answer(self, words: Words) -> Answer:
        assert self._client.stdin is not None
        assert self._client.stdout is not None
        self._client.stdin.write(json.dumps([str(self.directory), *words]) + "\n")
        self._client.stdin.flush()
        line = self._client.stdout.readline()
        assert line, f"the client ended at {words}"
        return Answer(*json.loads(line))

    def end(self) -> None:
        assert self._client.stdin is not None
        assert self._client.stdout is not None
        self._client.stdin.close()
        self._client.wait()
        self._client.stdout.close()
        self.running.end()


class Both:
    """The two servers."""

    def __init__(self, directory: Path) -> None:
        for name in ("tmux", "fugue"):
            (directory / name).mkdir(mode=0o700)
        self.crashes = 0
        """How often tmux crashed."""
        self.fugue = Fugue(directory / "fugue")
        kept = self.fugue.running.environment.items()
        environment = {name: value for name, value in kept if not name.startswith("XDG")}
        self.tmux = Tmux(directory / "tmux", {**environment, "HOME": str(directory / "tmux")})
        self.tmux.answer(_KEEPER)
        for words in _FIRST:
            self.line(words)
        self._keys = self._tables(self.tmux), self._tables(self.fugue)
        self._clean = {kind: self._options(kind) for kind in ("-s", "-g", "-gw")}

    def line(self, words: Words) -> tuple[Answer, Answer]:
        """Run one line in both."""
        return self.tmux.run(words), self.fugue.run(words)

    def case(self, script: Sequence[Words], columns: int = 80, rows: int = 24) -> Difference | None:
        """Run a script in a new session. Returns the first line that was answered differently; None: all were the same."""
        self._begin(columns, rows)
        try:
            for words in script:
                theirs, ours = self.line(words)
                if theirs.err.startswith("server exited unexpectedly"):
                    self._restart_tmux()
                    return None
                if theirs != ours:
                    purpose = _on_purpose(theirs, ours)
                    return None if purpose else Difference(words, theirs, ours)
            return None
        finally:
            self._undo(script)

    def _begin(self, columns: int, rows: int) -> None:
        """A new session with the same ids in both, because the checksum of a layout contains them."""
        while True:
            theirs, ours = (each.begin(columns, rows) for each in (self.tmux, self.fugue))
            if theirs == ours:
                return
            for program, ids, others in ((self.fugue, ours, theirs), (self.tmux, theirs, ours)):
                program.answer(("kill-session", "-t", "main"))
                for sigil, command in _NEXT:
                    for _ in range(others[sigil] - ids[sigil]):
                        program.answer((*command, SLEEP))
                program.answer(("kill-window", "-a", "-t", "keeper:0"))
                program.answer(("kill-session", "-a", "-t", "keeper"))

    def _restart_tmux(self) -> None:
        """tmux crashed, which is nothing to compare with."""
        self.crashes += 1
        self.tmux.answer(_KEEPER)
        for words in _FIRST:
            self.tmux.answer(words)

    def _undo(self, script: Sequence[Words]) -> None:
        """What the next case must not see is taken away in both."""
        names = {words[0] for words in script}
        for program in (self.tmux, self.fugue):
            program.answer(("kill-session", "-a", "-t", "$0"))
            program.answer(("rename-session", "-t", "$0", "keeper"))
            if names <= _CHANGE_NOTHING_ELSE:
                continue
            buffers = program.answer(("list-buffers", "-F", "#{buffer_name}")).out.split("\n")
            for name in filter(None, buffers):
                program.answer(("delete-buffer", "-b", name))
            for kind, clean in self._clean.items():
                self._undo_options(program, kind, clean[program is self.fugue])
            if names & {"bind-key", "unbind-key", "source-file"}:
                for table in KEY_TABLES:
                    self._undo_keys(program, table)
            if names & {"set-environment", "setenv", "source-file"}:
                for variable in VARIABLES:
                    program.answer(("set-environment", "-gu", variable))

    def _undo_options(self, program: _Program, kind: str, clean: dict[str, str]) -> None:
        now = _options(program, kind)
        for name in now.keys() | clean.keys():
            if now.get(name) == clean.get(name):
                continue
            program.answer(("set-option", kind + "u", name.partition("[")[0]))
        if now != clean:
            for words in _FIRST:
                program.answer(words)

    def _undo_keys(self, program: _Program, table: str) -> None:
        clean = self._keys[program is self.fugue][table]
        now = program.answer(("list-keys", "-T", table)).out.splitlines()
        changed = {_key_of(line) for line in set(now) ^ set(clean)}
        for key in changed:
            program.answer(("unbind-key", "-q", "-T", table, key))
        lines = [line for line in clean if _key_of(line) in changed]
        if lines:
            path = program.directory / "clean.conf"
            path.write_text("\n".join(lines) + "\n")
            program.answer(("source-file", str(path)))

    def _tables(self, program: _Program) -> dict[str, list[str]]:
        return {
            table: program.answer(("list-keys", "-T", table)).out.splitlines()
            for table in KEY_TABLES
        }

    def _options(self, kind: str) -> tuple[dict[str, str], dict[str, str]]:
        return _options(self.tmux, kind), _options(self.fugue, kind)

    def end(self) -> None:
        """Both servers end."""
        self.tmux.answer(("kill-server",))
        self.fugue.end()


def _key_of(line: str) -> str:
    """The key of a line of list-keys -T, as it has to be written in a command."""
    key = line.split()[3 if " -r " not in line[:14] else 4]
    return key[1:] if key.startswith("\\") else key.strip('"')


def _options(program: _Program, kind: str) -> dict[str, str]:
    lines = program.answer(("show-options", kind)).out.splitlines()
    return dict(line.partition(" ")[::2] for line in lines)


def _on_purpose(theirs: Answer, ours: Answer) -> bool:
    """Whether fugue refuses in more words than tmux, or what tmux takes; docs/tmux-differences.md has the reasons.

    What follows in the script is not compared any more.
    """
    if ours.err.endswith(" expects an argument\n"):
        return True
    if theirs.err == "syntax error\n":
        return ours.err.startswith("syntax error")
    return ours.err.startswith("create pane failed: cannot execute") or (
        ours.err.startswith("syntax error: ") and ours.err.endswith(" is not closed\n")
    )


@contextmanager
def both(directory: Path) -> Iterator[Both]:
    """The two servers, until the end of the block."""
    made = Both(directory)
    try:
        yield made
    finally:
        made.end()
