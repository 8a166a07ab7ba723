"""Tests the trees of modes: folding, tags, keys, questions, and what is drawn."""

from collections.abc import Sequence

from fuguemux.server.modes.list_mode import ListMode
from fuguemux.server.modes.pane_mode import ModeOutcome, MouseAt
from fuguemux.server.modes.tree_list import Tree, TreeItem
from fuguemux.terminal.canvas import Canvas
from fuguemux.terminal.ghostty.rewrap import plain

ITEMS = [
    TreeItem(
        "s1",
        "one",
        "2 windows",
        (
            TreeItem("w1", "0", "sh"),
            TreeItem("w2", "1", "vi", (TreeItem("p1", "0", "a"), TreeItem("p2", "1", "b"))),
        ),
        True,
    ),
    TreeItem("s2", "two", "1 windows", (TreeItem("w3", "0", "top"),)),
]


class Source:
    name = "tree-mode"
    orders: Sequence[str] = ("index", "name")
    volatile = False
    preview_rows = 0

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bool]] = []

    def items(self, order: str, wanted: str, *, reverse: bool) -> list[TreeItem]:
        self.asked.append((order, wanted, reverse))
        return [] if wanted == "nothing" else ITEMS

    def matches(self, item: TreeItem, text: str) -> bool:
        return text in item.name or text in item.text

    def current(self) -> Sequence[str]:
        return "p1", "w2"

    def key_names(self, count: int) -> list[str]:
        return list("0123456789")[:count]

    def style(self) -> str:
        return "reverse"

    def preview(self, canvas: Canvas, item: TreeItem, place: tuple[int, int, int, int]) -> None:
        canvas.put(place[0], place[1], f"screen of {item.tag} {place[2]}x{place[3]}")

    def command(self, template: str, item: TreeItem) -> str:
        return template.replace("%%", item.tag)

    def own_key(self, key: str, tree: Tree) -> ModeOutcome | None:
        return ModeOutcome(command="own") if key == "x" else None

    def end(self) -> str:
        return "end"


def shown(mode: ListMode, columns: int = 40, rows: int = 24) -> list[str]:
    return [plain(row).decode().rstrip() for row in mode.view(columns, rows).rows]


def lines(mode: ListMode) -> list[str]:
    return [row for row in shown(mode)[:12] if row]


def press(mode: ListMode, *keys: str) -> ModeOutcome:
    outcome = ModeOutcome()
    for key in keys:
        outcome = mode.key(key)
    return outcome


def test_the_tree_is_drawn_with_its_keys_and_a_preview() -> None:
    mode = ListMode(Source(), "choose %%")
    assert lines(mode) == [
        "(0) - one: 2 windows",
        "(1) ├─>   0: sh",
        "(2) └─> + 1: vi",
        "(3) + two: 1 windows",
    ]
    assert shown(mode)[12:15] == [
        "┌ 1 (sort: index) ─────────────────────┐",
        "│ screen of w2 36x10                   │",
        "│                                      │",
    ]
    assert b"\x1b[0;7m" in mode.view(40, 24).rows[2]
    assert not mode.view(40, 24).indicator
    assert len([row for row in shown(mode, 40, 8) if row]) == 4, "a low pane has no preview"


def test_items_are_folded_and_unfolded() -> None:
    mode = ListMode(Source(), "")
    press(mode, "Right")
    assert lines(mode)[2:5] == ["(2) └─> - 1: vi", "(3)     ├─> 0: a", "(4)     └─> 1: b"]
    press(mode, "Down", "Left")
    assert lines(mode)[2:] == ["(2) └─> + 1: vi", "(3) + two: 1 windows"]
    press(mode, "h")
    assert lines(mode) == ["(0) + one: 2 windows", "(1) + two: 1 windows"]
    press(mode, "M-+")
    assert len(lines(mode)) == 5
    press(mode, "M--", "l", "l")
    assert press(mode, "Enter") == ModeOutcome(True, "")


def test_keys_choose() -> None:
    mode = ListMode(Source(), "choose %%")
    mode.view(40, 24)
    assert press(mode, "Enter") == ModeOutcome(True, "choose w2")
    assert press(mode, "3") == ModeOutcome(True, "choose s2")
    assert press(mode, "Down", "Enter").command == "choose s1", "the rows are a circle"
    assert press(mode, "G", "Enter").command == "choose s2"
    assert press(mode, "g", "Up", "k", "Enter").command == "choose w2"
    assert press(mode, "PPage", "Enter").command == "choose s1"
    assert press(mode, "x") == ModeOutcome(command="own")
    assert press(mode, "q") == ModeOutcome(True)
    assert mode.end() == "end"


def test_tagged_items_are_what_a_command_is_for() -> None:
    mode = ListMode(Source(), "")
    ask = press(mode, ":").ask
    assert ask is not None
    assert ask.prompt == "(current) "
    assert ask.answered("say %%").command == "say w2"
    press(mode, "t", "g", "Down", "t")
    assert [row for row in lines(mode) if "*" in row] == ["(1) ├─>   0*: sh", "(2) └─> + 1*: vi"]
    ask = press(mode, ":").ask
    assert ask is not None
    assert ask.prompt == "(2 tagged) "
    assert ask.answered("say %%").command == "say w1 ; say w2"
    press(mode, "C-t")
    assert sum("*" in row for row in lines(mode)) == 2
    press(mode, "T")
    assert not any("*" in row for row in lines(mode))


def test_a_tag_removes_those_above_and_below() -> None:
    tree = Tree(ITEMS, ("w1",))
    tree.tag()
    tree.select("s1")
    tree.tag()
    assert tree.tagged == {"s1"}
    tree.select("w2")
    tree.tag()
    assert tree.tagged == {"w2"}


def test_search_filter_and_order() -> None:
    source = Source()
    mode = ListMode(source, "choose %%", order="name", reverse=True)
    ask = press(mode, "/").ask
    assert ask is not None
    ask.answered("o")
    assert press(mode, "Enter").command == "choose s2"
    assert press(mode, "n", "Enter").command == "choose s1"
    press(mode, "O", "r")
    assert source.asked[-1] == ("index", "", False)
    ask = press(mode, "f").ask
    assert ask is not None
    ask.answered("nothing")
    assert source.asked[-2:] == [("index", "nothing", False), ("index", "", False)]
    assert "(filter: no matches)" in shown(mode, 60)[12]
    press(mode, "v")
    assert not any("┌" in row for row in shown(mode))


def test_the_mouse_chooses() -> None:
    mode = ListMode(Source(), "choose %%")
    mode.view(40, 24)
    assert mode.mouse(MouseAt("MouseDown1", 3, 0)) == ModeOutcome()
    assert press(mode, "Enter").command == "choose s1"
    assert mode.mouse(MouseAt("DoubleClick1", 3, 1)) == ModeOutcome(True, "choose w1")
    mode.mouse(MouseAt("WheelUp", 0, 0))
    assert press(mode, "Enter").command == "choose s1"
    assert mode.mouse(MouseAt("DoubleClick1", 3, 20)) == ModeOutcome()


def test_a_change_of_the_state_builds_the_tree_again() -> None:
    source = Source()
    mode = ListMode(source, "")
    mode.changed()
    assert len(source.asked) == 1
    mode.view(40, 24)
    assert len(source.asked) == 2
