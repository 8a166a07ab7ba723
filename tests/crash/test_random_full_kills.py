"""Random commands, then SIGKILL of server, keeper and all shells: everything that existed comes back.

`make kills ROUNDS=200` runs more rounds than the usual few. It prints the seed, and FUGUE_SEED repeats it.
"""

import os
import random
import re
from pathlib import Path

import pytest

from tests.support.changes import Changes
from tests.support.numbered_lines import watch, writer_command, wrong_line
from tests.support.running import Running, until

ROUNDS = int(os.environ.get("FUGUE_ROUNDS") or "4")
SEED = int(os.environ.get("FUGUE_SEED") or "11")
STEPS = 12
SHAPE = (
    "#{session_id} #{session_name} #{window_id} #{window_index} #{window_name} #{window_layout} #{window_flags} "
    "#{pane_id} #{pane_active} #{pane_title} #{pane_current_path} #{@mark}"
)
SGR = re.compile(r"(\x1b\[[0-9;]*m)")
SEPARATOR = re.compile(r"── restored .*? ──")


class Walk:
    """A person at work: random commands that make sense now."""

    def __init__(self, fugue: Running, rng: random.Random) -> None:
        self.fugue = fugue
        self.rng = rng
        self.number = 0

    def panes(self) -> list[str]:
        return self.fugue("list-panes", "-a", "-F", "#{pane_id}").split()

    def step(self) -> None:
        self.number += 1
        pane = self.rng.choice(self.panes())
        commands: list[tuple[str, ...]] = [
            ("split-window", "-d", self.rng.choice(["-h", "-v"]), "-t", pane),
            ("new-window", "-d", "-n", f"w{self.number}", "-t", pane, "-a"),
            ("rename-window", "-t", pane, f"renamed {self.number}"),
            ("select-pane", "-t", pane, "-T", f"title ' {self.number}"),
            ("select-window", "-t", pane),
            ("resize-pane", "-t", pane, self.rng.choice(["-L", "-R", "-U", "-D"]), "3"),
            ("resize-pane", "-t", pane, "-Z"),
            ("set-option", "-p", "-t", pane, "@mark", f"m{self.number}"),
            ("set-environment", "-t", pane, f"V{self.number}", "a value"),
            ("new-session", "-d", "-s", f"s{self.number}", "-x", "95", "-y", "31", "-c", "/usr"),
        ]
        if len(self.panes()) > 6:
            commands += [("kill-pane", "-t", pane)] * 6
        self.fugue.run(
            *self.rng.choice(commands)
        )  # a refusal (too small, say) is fine: nothing changed

    def write(self) -> None:
        """Something coloured in some pane, waited for."""
        pane = self.rng.choice(self.panes())
        self.number += 1
        word = f"text-{self.number}"
        line = f"printf '\\033[3{self.number % 8}m%s\\033[0m\\n' {word}-$((40+2))"
        self.fugue("send-keys", "-t", pane, line, "Enter")
        self.fugue.wait_for(f"{word}-42", pane)


def styled(text: str) -> str:
    """`text` with each style told once: that it is told again where a line was wrapped once is no difference."""
    parts: list[str] = []
    style = shown = ""
    for part in SGR.split(text):
        if SGR.fullmatch(part):
            style = "" if part in ("\x1b[m", "\x1b[0m") else style + part
        elif part:
            if style != shown:
                parts.append(f"\x1b[0m{style}")
                shown = style
            parts.append(part)
    return "".join(parts)


def everything(fugue: Running) -> tuple[list[str], list[str], dict[str, str]]:
    rows = fugue("list-panes", "-a", "-F", SHAPE).splitlines()
    environments = [
        f"{session}: {fugue('show-environment', '-t', session)}"
        for session in fugue("list-sessions", "-F", "#{session_name}").split()
    ]
    panes = fugue("list-panes", "-a", "-F", "#{pane_id}").split()
    texts = {pane: styled(fugue.history(pane, "-e")).rstrip() for pane in panes}
    return rows, environments, texts


def quiet(fugue: Running) -> None:
    """Every shell shows its prompt: nothing is on its way any more."""
    for pane in fugue("list-panes", "-a", "-F", "#{pane_id}").split():
        until(f"prompt of {pane}", lambda p=pane: fugue.screen(p).rstrip().endswith("$"))  # type: ignore[misc]  # mypy cannot infer a lambda with defaults


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(120 + 20 * ROUNDS)
def test_everything_is_back_after_every_full_kill(fugue: Running, tmp_path: Path) -> None:
    print(f"FUGUE_SEED={SEED}, {ROUNDS} rounds")
    rng = random.Random(SEED)
    fugue("new-session", "-d", "-s", "first", "-x", "120", "-y", "40", "-c", str(tmp_path))
    walk = Walk(fugue, rng)
    for _ in range(ROUNDS):
        for _ in range(STEPS):
            walk.step()
        walk.write()
        quiet(fugue)
        if rng.random() < 0.5:
            fugue("checkpoint")
        rows, environments, texts = everything(fugue)
        fugue.kill_everything()
        rows_after, environments_after, texts_after = everything(fugue)
        assert rows_after == rows
        assert environments_after == environments
        for pane, text in texts.items():
            assert texts_after[pane].startswith(text), pane
            assert len(SEPARATOR.findall(texts_after[pane])) == len(SEPARATOR.findall(text)) + 1
        quiet(fugue)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(120 + 20 * ROUNDS)
def test_what_was_shown_and_acknowledged_outlives_full_kills_under_load(fugue: Running) -> None:
    """Everything is killed while two programs write and somebody makes changes."""
    print(f"FUGUE_SEED={SEED}, {ROUNDS} rounds")
    rng = random.Random(SEED)
    fugue("new-session", "-d", "-s", "work", "-x", "100", "-y", "24", "-n", "first", "sleep 1000")
    fugue("set-option", "-g", "history-limit", "1000000")
    changes = Changes(fugue)
    for number in range(ROUNDS):
        panes, shown = _two_writers(fugue, number), {}
        earlier, changes = changes, Changes(fugue, changes.next)
        changes.acknowledged.update(earlier.acknowledged)
        with fugue.attached("attach-session", "-t", "work", columns=100) as person:
            for name in panes:
                person.wait_for(f"{name} line ")
                shown[name] = 0
            changes.start()
            watch(person, shown, rng.uniform(0.1, 1.0))
            fugue.kill_everything()
        changes.end()
        fugue("start-server")
        for name, pane in panes.items():
            assert shown[name], f"nobody saw {name}"
            wrong = wrong_line(fugue.history(pane), name, last=shown[name])
            assert not wrong, f"round {number}, shown to line {shown[name]}: {wrong}"
        assert changes.missing() == []
        fugue("kill-window", "-t", f"work:round-{number}")
    print(f"{len(changes.acknowledged)} acknowledged changes")


def _two_writers(fugue: Running, number: int) -> dict[str, str]:
    """A window with two programs that write numbered lines; their panes by their names."""
    stop, panes = fugue.directory / "never", {}
    for side in ("left", "right"):
        name = f"{side}{number}"
        command = writer_command(fugue, name, lines=20, seconds=0.02, stop=stop)
        begin = ["split-window", "-h", "-t", f"work:round-{number}"]
        if side == "left":
            begin = ["new-window", "-n", f"round-{number}", "-t", "work:"]
        panes[name] = fugue(*begin, "-PF", "#{pane_id}", *command)
    return panes
