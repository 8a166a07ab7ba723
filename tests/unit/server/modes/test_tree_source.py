"""Tests the tree of sessions, windows and panes: its items, targets, questions, and previews."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.memory_files import MemoryStorage
from fuguemux.server.modes.pane_list import ListWanted
from fuguemux.server.modes.tree_list import Tree, TreeItem
from fuguemux.server.modes.tree_source import TreeSource
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.terminal.canvas import Canvas
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from fuguemux.terminal.ghostty.rewrap import plain
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive

STATE = state(session("b", window("x"), window("y", panes=2)), session("a", window("z")))


@pytest.fixture
def panes() -> Iterator[Panes]:
    store = ScrollbackStore(PackReader(MemoryStorage(), "nowhere"))
    made = Panes(GhosttyEmulator, store, PaneTerminal.close, lambda _state, _pane: 100)
    made.published(state(), STATE, (), 0)
    yield made
    made.published(STATE, state(), (), 0)


def source(
    panes: Panes, *, start: Literal["", "sessions", "windows"] = "", **flags: Any
) -> TreeSource:
    wanted = ListWanted(PaneId(1), **flags)
    return TreeSource(lambda: STATE, FakeLive(), panes, wanted, start=start)


def tags(items: list[TreeItem]) -> list[object]:
    return [(item.tag, tags(list(item.children))) if item.children else item.tag for item in items]


def test_the_items_are_in_order_and_have_all_panes(panes: Panes) -> None:
    tree = source(panes)
    first = ("s0", ["w0:0", ("w0:1", ["p0:1:1", "p0:1:2"])])
    second = ("s1", ["w1:0"])
    assert tags(tree.items("index", "", reverse=False)) == [first, second]
    by_name = tags(tree.items("name", "", reverse=False))
    assert by_name == [second, first]
    reverse = tags(tree.items("index", "", reverse=True))
    assert reverse == [second, ("s0", [("w0:1", ["p0:1:2", "p0:1:1"]), "w0:0"])]


def test_a_filter_leaves_out_what_has_no_wanted_pane(panes: Panes) -> None:
    tree = source(panes)
    found = tree.items("index", "#{==:#{window_name},y}", reverse=False)
    assert tags(found) == [("s0", [("w0:1", ["p0:1:1", "p0:1:2"])])]
    assert tree.items("time", "0", reverse=False) == []


def test_texts_are_formats(panes: Panes) -> None:
    found = source(panes).items("index", "", reverse=False)
    assert [(item.name, item.text) for item in found] == [("b", "2 windows"), ("a", "1 windows")]
    own = source(panes, format="#{session_name}-#{window_index}").items("index", "", reverse=False)
    assert own[0].children[1].text == "b-1"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("", ["p0:1:1", "w0:1", "s0"]),
        ("windows", ["w0:1", "s0"]),
        ("sessions", ["s0"]),
    ],
)
def test_the_place_of_the_tree_is_chosen_first(
    panes: Panes, start: Literal["", "sessions", "windows"], expected: list[str]
) -> None:
    assert list(source(panes, start=start).current()) == expected


def test_rows_are_named_in_tmux_form(panes: Panes) -> None:
    tree = source(panes)
    (b, _) = tree.items("index", "", reverse=False)
    window = b.children[1]
    assert tree.command("go '%%'", b) == "go '=b:'"
    assert tree.command("go '%%'", window) == "go '=b:1.'"
    assert tree.command("go '%%'", window.children[0]) == "go '=b:1.%1'"
    assert tree.command("go %%", TreeItem("s9", "gone", "")) == "go "


def test_killing_is_asked_for(panes: Panes) -> None:
    tree = source(panes)
    listed = Tree(tree.items("index", "", reverse=False), ("w0:1",))
    outcome = tree.own_key("x", listed)
    assert outcome is not None
    assert outcome.ask is not None
    assert outcome.ask.prompt == "Kill window 1? "
    assert outcome.ask.answered("n").command == ""
    assert "kill-window -t" in outcome.ask.answered("y").command
    assert tree.own_key("X", listed) is None
    listed.tag_all()
    tagged = tree.own_key("X", listed)
    assert tagged is not None
    assert tagged.ask is not None
    assert tagged.ask.prompt == "Kill 2 tagged? "
    assert tagged.ask.answered("y").command.count("kill-session") == 2
    marked = tree.own_key("m", listed)
    assert marked is not None
    assert "select-pane -m" in marked.command
    tree.own_key("H", listed)
    assert listed.row is not None
    assert listed.row.item.tag == "p0:1:1"


def test_keys_are_digits_and_letters_or_what_a_format_says(panes: Panes) -> None:
    assert source(panes).key_names(12)[-3:] == ["9", "M-a", "M-b"]
    assert len(source(panes).key_names(100)) == 36
    assert source(panes, key_format="F#{line}").key_names(2) == ["", "F1"]


def test_the_preview_shows_screens_side_by_side(panes: Panes) -> None:
    for number in range(4):
        terminal = panes.get(PaneId(number))
        assert terminal is not None
        terminal.emulator.feed(b"pane %d" % number)
    tree = source(panes)
    b, a = tree.items("index", "", reverse=False)

    def drawn(item: TreeItem, columns: int = 60) -> list[str]:
        canvas = Canvas(columns, 6)
        tree.preview(canvas, item, (0, 0, columns, 6))
        return [plain(row).decode().rstrip() for row in canvas.rows()]

    assert drawn(a)[0] == "pane 3"
    assert drawn(b.children[1].children[1])[0] == "pane 2"
    sessions = drawn(b)
    assert sessions[0].startswith("pane 0")
    assert "│pane 1" in sessions[0]
    assert "0:x" in sessions[3]
    narrow = drawn(b.children[1], 30)
    assert narrow[3].startswith("pane") is False
    assert ">" in narrow[3]
    assert tree.own_key(">", Tree([b], ())) is not None
    assert "<" in drawn(b.children[1], 30)[3]
    tree.preview(Canvas(5, 5), TreeItem("s9", "gone", ""), (0, 0, 5, 5))
