"""Compares grouped sessions in tmux and in fugue: commands that change the windows of one, and all sessions after each."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tmux_pair import Pair

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
SLEEP = "exec sleep 1000"
SESSIONS = (
    "#{session_name} #{session_windows} #{session_group} #{session_grouped} #{session_group_size} "
    "#{session_group_list} #{session_group_attached}#{session_group_attached_list} "
    "#{session_group_many_attached} #{session_many_attached} #{session_stack}"
)
WINDOWS = (
    "#{session_name}:#{window_index} #{window_name}#{window_flags} #{window_linked} #{window_panes}"
)
START: list[tuple[str, ...]] = [
    ("new-session", "-d", "-s", "a", "-n", "one", SLEEP),
    ("new-window", "-d", "-t", "a:", "-n", "two", SLEEP),
    ("new-window", "-d", "-t", "a:", "-n", "three", SLEEP),
    ("new-session", "-d", "-t", "a", "-s", "b"),
    ("select-window", "-t", "b:2"),
]
WALKS: dict[str, list[tuple[str, ...]]] = {
    "new windows": [
        ("new-window", "-t", "b:", "-n", "four", SLEEP),
        ("new-window", "-d", "-a", "-t", "a:0", "-n", "between", SLEEP),
        ("select-window", "-t", "a:0"),
        ("kill-window", "-t", "b:1"),
        ("kill-window", "-t", "a:0"),
    ],
    "the current window of another goes": [
        ("select-window", "-t", "b:1"),
        ("select-window", "-t", "b:2"),
        ("kill-window", "-t", "a:2"),
        ("kill-window", "-t", "a:1"),
        ("kill-window", "-t", "a:0"),
    ],
    "moves": [
        ("move-window", "-s", "a:0", "-t", "a:7"),
        ("swap-window", "-s", "a:7", "-t", "a:2"),
        ("swap-window", "-d", "-s", "b:1", "-t", "b:2"),
        ("rename-window", "-t", "b:0", "new"),
    ],
    "links": [
        ("new-session", "-d", "-s", "c", "-n", "other", SLEEP),
        ("unlink-window", "-t", "a:1"),
        ("link-window", "-s", "a:1", "-t", "c:5"),
        ("unlink-window", "-t", "b:1"),
        ("unlink-window", "-k", "-t", "b:2"),
        ("link-window", "-s", "c:0", "-t", "b:9"),
        ("move-window", "-s", "b:0", "-t", "c:6"),
        ("move-window", "-s", "b:9", "-t", "c:7"),
    ],
    "panes": [
        ("split-window", "-d", "-t", "a:0", SLEEP),
        ("break-pane", "-d", "-s", "b:0.1", "-n", "broken"),
        ("join-pane", "-d", "-s", "b:3.0", "-t", "a:1"),
        ("kill-pane", "-t", "b:1.0"),
    ],
    "sessions": [
        ("new-session", "-d", "-t", "b"),
        ("rename-session", "-t", "a", "renamed"),
        ("new-session", "-d", "-t", "a", "-s", "third"),
        ("kill-session", "-t", "renamed"),
        ("list-sessions", "-F", "#{session_name}#{?session_grouped, (group ,}#{session_group}"),
        ("kill-session", "-t", "b"),
        ("kill-session", "-a", "-t", "third"),
    ],
    "a group of its own name": [
        ("new-session", "-d", "-t", "work", "-s", "w"),
        ("new-session", "-d", "-t", "work", "-s", "x"),
        ("new-session", "-d", "-t", "=work"),
        ("rename-window", "-t", "x:0", "shared"),
    ],
    "refusals": [
        ("new-session", "-d", "-t", "a", "-n", "name"),
        ("new-session", "-d", "-t", "a", "command"),
        ("new-session", "-d", "-t", "a", "-s", "b"),
        ("new-session", "-d", "-t", "a", "-s", ""),
    ],
    "renumbering": [
        ("set-option", "-g", "renumber-windows", "on"),
        ("select-window", "-t", "a:2"),
        ("kill-window", "-t", "b:0"),
        ("kill-window", "-t", "a:0"),
    ],
    "printed": [
        ("new-session", "-d", "-P", "-t", "a", "-s", "p"),
        ("new-session", "-d", "-P", "-F", "#{session_name} #{window_name}", "-t", "a", "-s", "q"),
    ],
}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    made.fugue.run("start-server")
    yield made
    made.end()


@pytest.mark.parametrize("case", WALKS)
def test_the_sessions_of_a_group_are_those_of_tmux(pair: Pair, case: str) -> None:
    for words in (("start-server",), *START, *WALKS[case]):
        if words != ("start-server",):
            theirs, ours = pair.both(*words)
            assert ours == theirs, words
            if words[0] == "new-session":
                pair.both("set-option", "-g", "automatic-rename", "off")
        for look in (
            ("list-sessions", "-F", SESSIONS),
            ("list-windows", "-a", "-F", WINDOWS),
        ):
            theirs, ours = pair.both(*look)
            if words != ("start-server",):
                assert ours == theirs, words
