"""Tests customize-mode: its items, its filter, and the commands that its keys become."""

import pytest

from fuguemux.commands import set_option
from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.server.modes.customize_source import CustomizeSource
from fuguemux.server.modes.pane_list import ListWanted
from fuguemux.server.modes.tree_list import Tree
from fuguemux.terminal.canvas import Canvas
from fuguemux.terminal.ghostty.rewrap import plain
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import run

STATE = run(set_option.COMMAND, state(session("a", window("x"))), "-t", "a", "@mine", "x y").state


def tree_at(found: CustomizeSource, tag: str) -> Tree:
    tree = Tree(found.items("name", "", reverse=False), ())
    tree.unfold_all(unfold=True)
    assert tree.select(tag)
    return tree


def source(now: ServerState = STATE) -> CustomizeSource:
    return CustomizeSource(lambda: now, FakeLive(), ListWanted(PaneId(0)))


@pytest.mark.parametrize(
    ("tag", "key", "expected"),
    [
        ("osession:renumber-windows", "s", "set-option -t $0: renumber-windows on"),
        ("osession:renumber-windows", "S", "set-option -g renumber-windows on"),
        ("owindow:allow-rename", "s", "set-option -p -t %0 allow-rename on"),
        ("owindow:allow-rename", "w", "set-option -w -t @0 allow-rename on"),
        ("oserver:exit-empty", "Enter", "set-option -s exit-empty off"),
        ("gserver", "Enter", ""),
    ],
)
def test_flags_are_switched_where_the_key_says(tag: str, key: str, expected: str) -> None:
    found = source()
    outcome = found.own_key(key, tree_at(found, tag))
    assert outcome is not None
    assert (outcome.command, outcome.closed) == (expected, False)


@pytest.mark.parametrize(
    ("tag", "key", "question", "answer", "expected"),
    [
        ("oserver:buffer-limit", "s", "(buffer-limit) ", "7", "set-option -s buffer-limit 7"),
        (
            "owindow:mode-style",
            "w",
            "(mode-style, for window 0) ",
            "bold",
            "set-option -w -t @0 mode-style bold",
        ),
        ("osession:@mine", "u", "Unset @mine? ", "y", "set-option -ut $0: @mine"),
        ("osession:@mine", "u", "Unset @mine? ", "n", ""),
        (
            "oserver:command-alias",
            "s",
            "(command-alias[+]) ",
            "x=y",
            "set-option -s command-alias[6] x=y",
        ),
        ("kprefix:d", "u", "Unset d? ", "y", "unbind-key -T prefix d"),
    ],
)
def test_questions_become_commands(
    tag: str, key: str, question: str, answer: str, expected: str
) -> None:
    found = source()
    outcome = found.own_key(key, tree_at(found, tag))
    assert outcome is not None
    assert outcome.ask is not None
    assert outcome.ask.prompt == question
    assert outcome.ask.answered(answer).command == expected


def test_a_filter_leaves_the_groups() -> None:
    items = source().items("name", "#{==:#{option_name},base-index}", reverse=False)
    assert [(item.name, [child.name for child in item.children]) for item in items] == [
        ("Server Options", []),
        ("Session Options", ["base-index"]),
        ("Window & Pane Options", []),
    ]


def test_what_is_set_for_all_can_be_hidden() -> None:
    found = source()
    found.own_key("H", tree_at(found, "gsession"))
    items = found.items("name", "", reverse=False)
    assert [child.name for child in items[1].children] == ["@mine"]


def test_the_preview_tells_what_is_known() -> None:
    found, canvas = source(), Canvas(60, 12)
    tree = tree_at(found, "osession:renumber-windows")
    assert tree.row is not None
    found.preview(canvas, tree.row.item, (0, 0, 60, 12))
    rows = [plain(row).decode().rstrip() for row in canvas.rows()]
    assert "This is a session option." in rows
    assert "Option value: off" in rows
