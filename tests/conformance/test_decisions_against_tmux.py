"""Runs the same random commands in tmux and through fugue's decisions, and compares sessions, windows and layouts.

A walk controls a real tmux on a socket of its own and applies fugue's events beside it, without a server. After every
command the sessions, windows, layouts, active and last marks are compared, and refusals word by word.
"""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import pytest

from fuguemux.commands import table
from fuguemux.model.apply import apply
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.invariants import violations
from fuguemux.model.layout import panes_of
from fuguemux.model.layout_strings import layout_string
from fuguemux.model.state import ServerState
from tests.support.builders import request
from tests.support.fake_live import FakeLive
from tests.support.walks import SLEEP, some_command

TMUX = shutil.which("tmux")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]
FORMAT = (
    "#{session_name} #{window_index} #{window_id} #{window_layout} #{window_active} "
    "#{window_last_flag} #{window_zoomed_flag} #{pane_id} #{pane_active}"
)


class Tmux:
    """A tmux server on a socket of its own."""

    def __init__(self, socket: Path) -> None:
        self._base = [str(TMUX), "-S", str(socket), "-f", "/dev/null"]
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("TMUX")
        }

    def run(self, *words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [*self._base, *words],
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr.strip()

    def picture(self) -> list[str]:
        return sorted(self.run("list-panes", "-a", "-F", FORMAT)[1].splitlines())


def picture(state: ServerState) -> list[str]:
    """What list-panes with FORMAT would print."""
    lines = []
    for session in state.sessions.values():
        for link in session.links:
            window = state.windows[link.window]
            last = bool(session.last) and session.last[0] == link.index
            for pane in panes_of(window.layout):
                words = (
                    session.name,
                    link.index,
                    f"@{window.id}",
                    layout_string(window.layout),
                    int(session.active == link.index),
                    int(last),
                    int(window.zoomed),
                    f"%{pane}",
                    int(window.active == pane),
                )
                lines.append(" ".join(map(str, words)))
    return sorted(lines)


def tells_nothing(state: ServerState, words: list[str]) -> bool:
    """Whether the walk would end too early, or tmux does something of its own here.

    It unzooms before it refuses a split; it forgets which of two links to the same window was last when it renumbers a
    session. Two panes that are alone in their windows cannot be swapped here.
    """
    if words[0] in ("split-window", "join-pane", "break-pane"):
        return any(window.zoomed for window in state.windows.values())
    if words[0].startswith("kill-"):
        return len(state.panes) < 9
    if words[0] == "swap-pane" and "-s" in words:
        return any(panes_of(window.layout) == (window.active,) for window in state.windows.values())
    if words[:2] == ["move-window", "-r"]:
        links = [link.window for session in state.sessions.values() for link in session.links]
        return len(links) > len(set(links))
    return False


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    server = Tmux(tmp_path / "tmux")
    yield server
    server.run("kill-server")


@pytest.mark.parametrize("seed", range(4))
def test_a_walk_ends_where_tmux_ends(tmux: Tmux, seed: int) -> None:
    walk(tmux, seed, [], frozenset())


@pytest.mark.parametrize("seed", [1, 3])
def test_so_does_one_with_renumbering(tmux: Tmux, seed: int) -> None:
    """Without what makes tmux 3.3a hang there: a window that is twice in a session whose windows are numbered again."""
    prelude = [
        ["set-option", "-g", "renumber-windows", "on"],
        ["set-option", "-g", "base-index", "1"],
    ]
    walk(tmux, seed, prelude, frozenset((("link-window",), ("move-window", "-k"))))


def walk(
    tmux: Tmux, seed: int, prelude: list[list[str]], left_out: frozenset[tuple[str, ...]]
) -> None:
    pick = random.Random(seed)
    state = ServerState()
    trail: list[list[str]] = []
    steps = [["new-session", "-d", "-s", "first", "-x", "80", "-y", "24", SLEEP], *prelude]
    while len(trail) < 100:
        words = steps.pop(0) if steps else some_command(state, pick)
        if {tuple(words[:1]), tuple(words[:2])} & left_out or tells_nothing(state, words):
            continue
        trail.append(words)
        code, _, error = tmux.run(*words)
        refusal, decision = "", Decision()
        try:
            decision = table.decide(state, FakeLive(), request(*words))
        except Refused as refused:
            refusal = str(refused)
        assert (code, error) == (1 if refusal else 0, refusal), trail
        state = reduce(apply, decision.events, state)
        assert list(violations(state)) == [], trail
        if not state.sessions:
            return
        assert picture(state) == tmux.picture(), trail
