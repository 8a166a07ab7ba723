"""Formats in one tmux and one fugue with the same sessions: every variable of both, and generated expressions.

The expressions come from a fixed seed. Those that once gave different text stay in FOUND.
"""

import random
import re
from collections.abc import Iterator
from typing import Final

import pytest

from fuguemux.formats.variables import known_names
from tests.support.running import until
from tests.support.tmux_pair import TMUX, Pair

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]

PANE = r"printf 'abc\033[?1003h\033[?1006h\033]7;file:///usr\033\\\033[3;10r\033[?1h\033=\033[1;2H'; exec sleep 1000"
NOT_THE_SAME: Final = {
    "client_": "there is no client",
    "fugue_version": "fugue's own",
    "history_bytes": "how the engine counts",
    "history_limit": "the default of fugue is larger",
    "pane_start_path": "the last known directory, in which the pane would start again",
    **dict.fromkeys(
        ("pane_unseen_changes", "server_sessions", "pane_floating_flag"),
        "of later versions of tmux",
    ),
    **dict.fromkeys(("pane_x", "pane_y", "pane_z"), "of later versions of tmux"),
    "pane_restore_status": "fugue's own",
    "pane_persist": "fugue's own",
    "recovery_summary": "fugue's own",
    **dict.fromkeys(("pid", "pane_pid", "start_time", "socket_path"), "of each server"),
    **dict.fromkeys(("session_created", "session_activity", "window_activity"), "times"),
    **dict.fromkeys(("pane_tty", "config_files", "next_session_id"), "of each server"),
}
FOUND: Final = (
    "#{e|/:1,0}", "#{e|/|f|2:1,0}", "#{e|/|f:0,0}", "#{e|m:5,0}", "#{e|+:,}", "#{e|+|f:,}",
    "#{e|+:a,1}", "#{e|+:1 ,2}", "#{e|+: 1,2}", "#{e|+:0x10,2}", "#{e|+:inf,2}", "#{e|+:nan,2}",
    "#{e|*:99999999999,99999999999}", "#{q/a:pane_id}", "#{q/e:pane_id}", "#{q:pane_id}",
)  # fmt: skip
EXPRESSIONS: Final = 300
SEED: Final = 20_261_130


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("formats"))
    made.both("new", "-d", "-s", "base", "-n", "w0", "-x", "80", "-y", "24", PANE)
    for words in (
        ("set", "-g", "automatic-rename", "off"),
        ("split-window", "-d", "-t", "base:0", "sleep 1000"),
        ("new-window", "-d", "-t", "base:5", "-n", "a b", "sleep 1000"),
        ("new-session", "-d", "-s", "other", "-n", "w1", "sleep 1000"),
        ("set-buffer", "hello"),
        ("set", "-g", "@text", "a/b c#d"),
        ("set", "-g", "@format", "#{window_index}:#{window_name}"),
    ):
        theirs, ours = made.both(*words)
        assert theirs == ours, words

    def drawn() -> bool:
        seen = made.both("display", "-p", "-t", "base:0.0", "#{pane_path}#{cursor_x}")
        return all(answer[1].strip() == "file:///usr1" for answer in seen)

    until("the pane in both", drawn)
    yield made
    made.end()


def different(theirs: list[str], ours: list[str]) -> list[tuple[str, str]]:
    return [pair for pair in zip(theirs, ours, strict=True) if pair[0] != pair[1]]


def shared_names() -> list[str]:
    return [name for name in known_names() if not name.startswith(tuple(NOT_THE_SAME))]


@pytest.mark.parametrize("target", ["base:0.0", "base:0.1", "base:5", "other:"])
def test_every_variable_has_the_value_that_tmux_gives_it(pair: Pair, target: str) -> None:
    names = shared_names()
    text = "\n".join(f"{name}=#{{{name}}}" for name in names)
    theirs, ours = pair.both("display", "-p", "-t", target, text)
    assert different(theirs[1].splitlines(), ours[1].splitlines()) == []


@pytest.mark.parametrize("command", ["list-sessions", "list-windows -a", "list-panes -a"])
def test_variables_in_lists(pair: Pair, command: str) -> None:
    text = "%%".join(f"{name}=#{{{name}}}" for name in shared_names())
    theirs, ours = pair.both(*command.split(), "-F", text)
    lines = [answer[1].replace("\n", "%%").split("%%") for answer in (theirs, ours)]
    assert different(*lines) == []


VARIABLES: Final = (
    *("session_name", "window_name", "window_index", "pane_index", "pane_width", "pane_id"),
    *("@text", "@format", "@none", "window_flags", "pane_active", "history_size", "pane_path"),
)
NUMBERS: Final = ("0", "1", "-1", "7", "2.5", "-3.75", "100", "", " 4", "x")


def some(chance: random.Random, depth: int) -> str:
    """A well-formed expression."""
    if depth == 0 or chance.random() < 0.15:
        kinds = (
            chance.choice(("a", "b c", "1", "0", "", "w0")),
            f"#{{{chance.choice(VARIABLES)}}}",
        )
        return chance.choice(kinds)
    one, two, three = (some(chance, depth - 1) for _ in range(3))
    name = chance.choice(VARIABLES)
    number = chance.choice(("3", "-3", "0", "12", "-1"))
    return chance.choice(
        (
            f"#{{?{name},{one},{two}}}",
            f"#{{?{one},{two},{three}}}",
            f"#{{{chance.choice(('==', '!=', '<', '>', '<=', '>='))}:{one},{two}}}",
            f"#{{{chance.choice(('||', '&&'))}:{one},{two}}}",
            f"#{{e|{chance.choice('+-*/m')}{chance.choice(('', '|f', '|f|3'))}:"
            f"{chance.choice(NUMBERS)},{chance.choice(NUMBERS)}}}",
            f"#{{e|{chance.choice(('==', '!=', '<', '>', '<=', '>='))}:"
            f"{chance.choice(NUMBERS)},{chance.choice(NUMBERS)}}}",
            f"#{{={number}:{name}}}",
            f"#{{=/{number}/..:{name}}}",
            f"#{{p{number}:{name}}}",
            f"#{{{chance.choice(('b', 'd', 'q', 'n', 'w', 'E', 'T', 'l', 'q/e'))}:{name}}}",
            f"#{{s/{chance.choice(('a', 'w', '.', '[0-9]'))}/{chance.choice(('X', '', 'yy'))}/:{name}}}",
            f"#{{m:*{chance.choice(('a', 'w', ''))}*,{one}}}",
            f"#{{m/{chance.choice(('r', 'ri', 'i'))}:{chance.choice(('a', 'W.', '^$'))},{one}}}",
            f"#{{=3;s/a/b/:{name}}}",
            f"#{{W:{name}#,{one}}}" if "," not in one else f"#{{W:#{{{name}}} }}",
            f"#{{P:#{{{name}}} }}",
            f"#{{S:#{{{name}}} ,[#{{session_name}}]}}",
            f"#{{N/{chance.choice(('s', 'w'))}:{chance.choice(('base', 'w0', 'none'))}}}",
            f"{one}{two}",
            f"##{one}#,#}}",
        )
    )  # fmt: skip


def test_generated_expressions_give_the_same_text(pair: Pair) -> None:
    chance = random.Random(SEED)
    made = [*FOUND, *(some(chance, 3) for _ in range(EXPRESSIONS))]
    differences = []
    for start in range(0, len(made), 60):
        part = made[start : start + 60]
        words: list[str] = []
        for expression in part:
            words += ["display", "-p", "-t", "base:0.0", f"[{expression}]".replace(";", r"\;")
                      if expression.endswith(";") else f"[{expression}]", ";"]  # fmt: skip
        theirs, ours = pair.both(*words[:-1])
        assert re.search(r"\[", theirs[1]), theirs
        pairs = zip(part, theirs[1].splitlines(), ours[1].splitlines(), strict=True)
        differences += [f"{e}\n  tmux:  {t}\n  fugue: {o}" for e, t, o in pairs if t != o]
    assert not differences, "\n".join(["", *differences])
