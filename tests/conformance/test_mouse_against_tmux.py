"""Types mouse reports into attached clients of tmux and fugue, and compares what happens."""

import shutil
from collections.abc import Iterator

import pytest

from tests.support.running import until
from tests.support.side_by_side import SideBySide, Words
from tests.support.tmux_pair import Answer

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
COLUMNS, ROWS = 80, 24
LINES = "i=1; while [ $i -le 60 ]; do echo line $i of-some words here; i=$((i+1)); done; exec sleep 1000"
SIZES = "#{window_panes} #{pane_index} #{pane_width}x#{pane_height}"


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    made = SideBySide(tmp_path_factory.mktemp("mouse"), COLUMNS, ROWS)
    yield made
    made.end()


def mouse(code: int, x: int, y: int, *, up: bool = False) -> bytes:
    """A report; columns and rows from 1."""
    return f"\x1b[<{code};{x};{y}{'m' if up else 'M'}".encode()


def click(x: int, y: int, code: int = 0) -> bytes:
    return mouse(code, x, y) + mouse(code, x, y, up=True)


def drag(*places: tuple[int, int]) -> bytes:
    moves = b"".join(mouse(32, *place) for place in places)
    return mouse(0, *places[0]) + moves + mouse(0, *places[-1], up=True)


def begun(sides: SideBySide, program: str = LINES, *splits: Words) -> None:
    sides.reset(program)
    sides.run(("set-option", "-g", "mouse", "on"), *splits)
    sides.same(styles=False, shows="line 60" if program == LINES else "")


def agree(sides: SideBySide, *words: str, unlike: str = "") -> str:
    """Wait until both print the same, and something else than `unlike`. Returns it."""
    answers: list[tuple[Answer, Answer]] = []

    def alike() -> bool:
        answers[:] = [sides.both(*words)]
        [(theirs, ours)] = answers
        return theirs == ours and theirs[1] != unlike

    try:
        until("the same answer", alike, 10)
    except AssertionError:
        [(theirs, ours)] = answers
        raise AssertionError(f"{words}\n  tmux:  {theirs}\n  fugue: {ours}") from None
    return answers[0][0][1]


def shown(sides: SideBySide, template: str, unlike: str = "") -> str:
    return agree(sides, "display-message", "-p", "-t", sides.session, template, unlike=unlike)


def test_a_click_selects_a_pane_and_a_drag_of_the_border_resizes(sides: SideBySide) -> None:
    begun(sides, LINES, ("split-window", "-h", "sleep 1000"))
    sides.type(click(5, 5))
    assert shown(sides, SIZES, "2 1 39x23\n") == "2 0 40x23\n"
    sides.type(drag((41, 5), (35, 5), (31, 9)))
    assert shown(sides, SIZES, "2 0 40x23\n") == "2 0 30x23\n"
    sides.run(("split-window", "-v", "-t", ":.0", "sleep 1000"))
    before = agree(sides, "list-panes", "-F", SIZES)
    sides.type(drag((31, 12), (40, 8)))
    agree(sides, "list-panes", "-F", SIZES, unlike=before)


def test_bindings_get_the_mouse(sides: SideBySide) -> None:
    begun(sides, LINES, ("split-window", "-h", "sleep 1000"))
    template = "#{mouse_x},#{mouse_y} [#{mouse_word}] [#{mouse_line}] #{pane_index}"
    keys = (
        "MouseDown3Pane", "MouseUp3Pane", "C-MouseDown1Pane", "M-WheelUpPane", "MouseDown3Border",
        "SecondClick2Pane", "DoubleClick2Pane", "TripleClick2Pane", "MouseDown2Pane", "MouseDrag2Pane",
        "MouseDragEnd2Pane", "MouseDown3StatusDefault", "MouseDown8Pane",
    )  # fmt: skip
    for key in keys:
        sides.run(("bind-key", "-n", key, "set-option", "-gaF", "@seen", f"{key} {template};"))
    middle = click(10, 5, 1)
    for typed in (
        click(3, 5, 2), click(6, 5, 2), click(60, 7, 2), click(8, 3, 16), mouse(64 + 8, 4, 4), click(41, 4, 2),
        middle, middle + middle, middle + middle + middle, click(70, 24, 2), click(9, 9, 128),
        mouse(1, 3, 3) + mouse(33, 5, 5) + mouse(33, 7, 7) + mouse(1, 9, 9, up=True),
    ):  # fmt: skip
        before = shown(sides, "#{@seen}")
        sides.type(typed)
        shown(sides, "#{@seen}", before)
        until_quiet(sides)


def until_quiet(sides: SideBySide) -> None:
    """Wait until no further click counts as one of a double click."""
    sides.run(("run-shell", "sleep 0.4"))


@pytest.mark.parametrize("position", ["bottom", "top"])
def test_the_status_line_has_keys(sides: SideBySide, position: str) -> None:
    begun(sides)
    sides.run(
        ("set-option", "-g", "status-position", position),
        ("new-window", "-d", "sleep 1000"),
        ("new-window", "-d", "-n", "long-name", "sleep 1000"),
        ("set-option", "-g", "status-right", "right"),
        ("set-option", "-g", "@at", ""),
    )
    row = ROWS if position == "bottom" else 1
    line = sides.same(styles=False, shows="long-name").rows[row - 1]
    sides.type(click(line.index("1:") + 1, row))
    assert shown(sides, "#{window_index}", "0\n") == "1\n"
    until_quiet(sides)
    sides.type(click(line.index("long-name") + 3, row))
    assert shown(sides, "#{window_index}", "1\n") == "2\n"
    until_quiet(sides)
    for where in ("Status", "StatusLeft", "StatusRight", "StatusDefault"):
        template = f"{where} #{{window_index}} #{{mouse_x}},#{{mouse_y}} [#{{mouse_word}}]"
        sides.run(("bind-key", "-n", f"MouseDown2{where}", "set-option", "-gF", "@at", template))
    places = (
        1,
        line.index("0:") + 1,
        line.index("1:") + 1,
        line.index("long") + 2,
        len(line),
        len(line) - 20,
    )
    for column in places:
        before = shown(sides, "#{@at}")
        sides.type(click(column, row, 1))
        shown(sides, "#{@at}", before)
        until_quiet(sides)


def test_the_wheel_scrolls(sides: SideBySide) -> None:
    begun(sides)
    where = "#{pane_in_mode} #{scroll_position}"
    sides.type(mouse(64, 5, 5))
    assert shown(sides, where, "0 \n") == "1 0\n"
    sides.type(mouse(64, 5, 5) * 2)
    assert shown(sides, where, "1 5\n") == "1 10\n"
    sides.type(mouse(65, 5, 5) * 2)
    assert shown(sides, where, "1 5\n") == "0 \n"


SELECTIONS = {
    "drag": drag((6, 4), (9, 4), (14, 5)),
    "double click": click(7, 6) * 2,
    "triple click": click(7, 6) * 3,
    "backwards": drag((14, 6), (9, 5), (3, 4)),
}


@pytest.mark.parametrize("keys", ["emacs", "vi"])
@pytest.mark.parametrize("name", SELECTIONS)
def test_selecting_copies(sides: SideBySide, name: str, keys: str) -> None:
    begun(sides)
    until_quiet(sides)
    sides.run(("set-option", "-gw", "mode-keys", keys), ("set-buffer", "none"))
    sides.type(SELECTIONS[name])
    assert agree(sides, "show-buffer", unlike="none")
    assert shown(sides, "#{pane_in_mode}", "1\n") == "0\n"


@pytest.mark.parametrize(
    "modes", ["?1000h", "?1000;1006h", "?1002;1006h", "?1003;1006h", "?1002h", "?1000;1005h"]
)
def test_programs_get_the_mouse_that_they_ask_for(sides: SideBySide, modes: str) -> None:
    flags = "#{mouse_any_flag}#{mouse_standard_flag}#{mouse_button_flag}#{mouse_all_flag}"
    for setting in ("on", "off"):
        begun(sides, f"stty raw -echo; printf '\\033[{modes}'; exec cat -v")
        until("the modes", lambda: sides.both("display-message", "-p", flags)[1][1][0] == "1")
        shown(sides, f"{flags} #{{mouse_sgr_flag}}#{{mouse_utf8_flag}}")
        sides.run(("set-option", "-g", "mouse", setting))
        sides.type(click(5, 5) + mouse(64, 7, 7) + drag((3, 3), (4, 4)) + mouse(35, 9, 9) + b"e")
        sides.same(styles=False, shows="e", rows=range(ROWS - 1))


def test_without_the_mouse_there_is_no_mouse_target(sides: SideBySide) -> None:
    begun(sides)
    for words in (
        ("select-pane", "-t", "="), ("send-keys", "-M"), ("select-window", "-t", "{mouse}"),
        ("resize-pane", "-M"), ("copy-mode", "-M"), ("switch-client", "-t", "="),
    ):  # fmt: skip
        theirs, ours = sides.both(*words)
        assert ours == theirs, words


def test_key_tables_of_the_user(sides: SideBySide) -> None:
    begun(sides)
    sides.run(
        ("bind-key", "-n", "F5", "switch-client", "-T", "mine"),
        ("bind-key", "-T", "mine", "a", "set-option", "-g", "@key", "a"),
        ("bind-key", "-T", "mine", "Any", "set-option", "-g", "@key", "any"),
        ("bind-key", "-n", "C-M-x", "set-option", "-g", "@key", "x"),
        ("bind-key", "C-q", "set-option", "-g", "@key", "q"),
    )
    for typed, value in (
        (b"\x1b[15~a", "a"),
        (b"\x1b[15~b", "any"),
        (b"\x1b\x18", "x"),
        (b"\x02\x11", "q"),
    ):
        sides.type(typed)
        assert shown(sides, "#{@key}", "") == f"{value}\n"
        sides.run(("set-option", "-g", "@key", ""))
    theirs, ours = sides.both("switch-client", "-T", "nothing")
    assert ours == theirs


TYPED = {
    "emacs": (
        b"\x10\x10\x10\x01\x00\x0e\x05\x1bw",  # three up, a selection to the end of the next line
        b"\x10\x10\x1bb\x1bb\x0b",
        b"X\x1b<\x1bx\x1bx",
        b"\x10\x10\x01\x00\x06\x06R\x10\x10\x17",
    ),
    "vi": (
        b"kkk0 jyo",
        b"kkk0 j$\r",
        b"kkkbbD",
        b"gjjwX\x1bxMw\x1bxVjjA",
        b"kkkk0v lljj\r",
        b"HwwLbM$",
    ),
}
"""Keys that are typed into copy mode. None opens a prompt: tmux takes what is typed before it is open for other keys."""


@pytest.mark.parametrize("keys", TYPED)
def test_keys_typed_in_copy_mode(sides: SideBySide, keys: str) -> None:
    where = (
        "#{pane_in_mode} #{scroll_position} #{copy_cursor_x},#{copy_cursor_y} #{selection_present}"
        "#{rectangle_toggle} #{search_present} [#{pane_search_string}] #{client_prefix}#{client_key_table}"
    )
    begun(sides)
    sides.run(
        ("set-option", "-gw", "mode-keys", keys), ("set-option", "-g", "assume-paste-time", "0")
    )
    for typed in TYPED[keys]:
        sides.run(("copy-mode", "-q"), ("set-buffer", "none"))
        sides.type(b"\x02[")
        shown(sides, "#{pane_in_mode}", "0\n")
        sides.type(typed)
        sides.same(styles=False, rows=range(1, ROWS - 1), cursor=True)
        shown(sides, where)
        agree(sides, "show-buffer")
