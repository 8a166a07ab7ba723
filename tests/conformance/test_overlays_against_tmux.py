"""Opens menus, numbers of panes and popups in attached clients of tmux and of fugue, and compares what both show."""

import shutil
from collections.abc import Iterator

import pytest

from tests.support.running import until
from tests.support.side_by_side import QUIET, SideBySide, Words
from tests.support.tmux_pair import Answer

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
COLUMNS, ROWS = 70, 20
LINES = "i=1; while [ $i -le 18 ]; do echo line $i of-some words ünd 漢字漢字 here; i=$((i+1)); done; exec sleep 1000"
F5 = b"\x1b[15~"
MENU: Words = (
    *("first", "f", "set -g @chosen first"),
    *("-disabled", "d", "set -g @chosen disabled"),
    "",
    *("#[fg=red]third #{pane_index}", "t", "set -gF @chosen 'third #{pane_index}'"),
    *("", "fourth, a little longer than the others", "", "set -g @chosen fourth"),
    *("last", "C-l", "set -g @chosen last"),
)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    made = SideBySide(tmp_path_factory.mktemp("overlays"), COLUMNS, ROWS)
    yield made
    made.end()


def mouse(code: int, x: int, y: int, *, up: bool = False) -> bytes:
    """A report; columns and rows from 1."""
    return f"\x1b[<{code};{x};{y}{'m' if up else 'M'}".encode()


def begun(sides: SideBySide, *commands: Words, program: str = LINES) -> None:
    sides.run(("display-popup", "-C"))
    sides.resize(COLUMNS + 2, ROWS)  # closes a menu that a case before this one has left
    sides.reset(program)
    sides.run(("set-option", "-g", "@chosen", "none"), *commands)
    sides.same(styles=False, shows="line 18" if program == LINES else "")


def opened(sides: SideBySide, *words: str, key: bytes = F5, name: str = "F5") -> None:
    """Open something with a key, since a command from a shell waits until it is closed."""
    sides.run(("bind-key", "-n", name, *words))
    sides.type(key)


def gone(sides: SideBySide, text: str) -> None:
    """Wait until tmux does not show the text any more."""
    until("closed", lambda: text not in "".join(sides.seen()[0].rows))


def chosen(sides: SideBySide, expected: str) -> None:
    """Wait until both have run the same command, whose name is expected."""
    answers: list[Answer] = []

    def alike() -> bool:
        answers[:] = sides.both("display-message", "-p", "#{@chosen}")
        return all(answer[1] == f"{expected}\n" for answer in answers)

    try:
        until("the command", alike, 10)
    except AssertionError:
        raise AssertionError(f"{expected!r}: tmux and fugue {answers}") from None


def test_a_menu_lies_over_the_panes(sides: SideBySide) -> None:
    begun(sides, ("split-window", "-h", QUIET))
    opened(sides, "display-menu", "-T", "#[align=centre]the #{pane_index} title", *MENU)
    sides.same(shows="first")
    for typed, name in (
        (b"j", "third"), (b"\x1b[B", "fourth"), (b"k", "third"), (b"G", "last"), (b"j", "first"), (b"k", "last"),
        (b"\x1b[6~", "last"), (b"j", "first"),
    ):  # fmt: skip
        sides.type(typed)
        sides.same(shows=name)
    sides.type(b"jj\r")
    chosen(sides, "fourth")
    sides.same()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (b"f", "first"),
        (b"t", "third 1"),
        (b"\x0c", "last"),
        (b"\r", "first"),
        (b"k\r", "last"),
        (b"Gg\r", "first"),
        (b"G\x1b[5~\r", "first"),
        (b"Ggj\r", "third 1"),
    ],
)
def test_keys_choose(sides: SideBySide, typed: bytes, expected: str) -> None:
    begun(sides, ("split-window", "-h", QUIET))
    opened(sides, "display-menu", *MENU)
    sides.same(shows="fourth")
    sides.type(typed)
    chosen(sides, expected)
    sides.same()


@pytest.mark.parametrize("typed", [b"q", b"\x1b", b"\x03", b"\x07"])
def test_keys_close(sides: SideBySide, typed: bytes) -> None:
    begun(sides)
    opened(sides, "display-menu", "-t", ":.0", *MENU)
    sides.same(shows="fourth")
    sides.type(b"xd" + typed)
    gone(sides, "fourth")
    sides.same()
    chosen(sides, "none")


PLACES = [
    *[("-x", x, "-y", y) for x, y in (("C", "C"), ("R", "P"), ("P", "S"), ("W", "W"), ("0", "0"), ("500", "500"))],
    ("-x", "3", "-y", "15"), ("-x", "M", "-y", "M"), ("-y", "12"), ("-x", "abc", "-y", "-4"), ("-x", "R"),
    ("-x", "#{popup_width}", "-y", "#{popup_height}"), ("-x", "#{popup_pane_right}", "-y", "#{popup_pane_top}"),
    ("-x", "#{e|+:#{popup_pane_left},2}", "-y", "#{popup_pane_bottom}"),
    ("-y", "#{popup_centre_y}"), ("-y", "#{popup_status_line_y}"),
]  # fmt: skip


@pytest.mark.parametrize("status", ["bottom", "top", "two", "off"])
def test_places(sides: SideBySide, status: str) -> None:
    begun(
        sides,
        ("split-window", "-h", QUIET),
        ("split-window", "-v", QUIET),
        ("new-window", "-d", "-n", "other", QUIET),
        ("set-option", "-g", "status-position", "top" if status == "top" else "bottom"),
        ("set-option", "-g", "status", {"two": "2", "off": "off"}.get(status, "on")),
        program=QUIET,
    )
    for at, place in enumerate(PLACES):
        word = f"menu{at}"
        opened(sides, "display-menu", "-T", "title", *place, word, "w", "", "b", "", "")
        sides.same(shows=word)
        sides.type(b"q")
        gone(sides, word)
        sides.same()


SHAPES: dict[str, Words] = {
    "long": ("x" * 90, "k", "", "-" + "y" * 90, "k", "", "short", "k", ""),
    "long with a long key": ("x" * 64, "C-M-S-Left", "", "a", "b", ""),
    "as wide as the terminal": ("x" * 66, "", ""),
    "a long title": ("-T", "t" * 40, "a", "b", "c"),
    "a title of the whole width": ("-T", "t" * 66, "a", "b", "c"),
    "lines": ("", "a", "b", "c", "", "", "d", "e", "f", ""),
    "empty": ("a", "b", "c", "#{?0,x,}", "d", "e", "#{?1,y,}", "f", "g"),
    "disabled": ("--", "-a", "b", "c", "-b", "", ""),
    "styles": ("#[fg=red,bold]a#[default]b", "b", "c", "#[bg=blue]x #[align=right]y", "u", ""),
    "wide": ("漢字", "漢", "", "ünï", "ü", ""),
    "unknown key": ("a", "no-key", "", "b", "None", ""),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(sides: SideBySide, name: str) -> None:
    begun(sides, ("set-option", "-g", "mode-style", "bg=green,fg=#{?1,black,red},bold"))
    before = sides.seen()[0].rows
    opened(sides, "display-menu", *SHAPES[name])
    until("opened", lambda: sides.seen()[0].rows != before)
    sides.same()
    sides.type(b"j")
    sides.same()
    sides.type(b"q")
    until("closed", lambda: sides.seen()[0].rows == before)
    sides.same()


def test_a_menu_that_is_too_large_is_not_shown(sides: SideBySide) -> None:
    begun(sides)
    opened(sides, "display-menu", "-T", "t" * 80, "a", "b", "c")
    opened(sides, "display-menu", *("a", "", "") * 20, key=b"\x1b[17~", name="F6")
    opened(sides, "display-menu", "", "", key=b"\x1b[18~", name="F7")
    opened(sides, "set-option", "-g", "@chosen", "after", key=b"\x1b[19~", name="F8")
    chosen(sides, "after")
    sides.same()


@pytest.mark.parametrize(
    "words", [("a",), ("a", "b"), ("", "a"), (), ("-z",), ("a", "b", "c", "d"), ("-t", "%999", "a", "b", "c")]
)  # fmt: skip
def test_mistakes(sides: SideBySide, words: Words) -> None:
    theirs, ours = sides.both("display-menu", *words)
    assert ours == theirs


def test_only_one_menu_at_a_time(sides: SideBySide) -> None:
    begun(sides)
    opened(sides, "display-menu", "one", "o", "")
    sides.same(shows="one")
    theirs, ours = sides.both("display-menu", "two", "t", "")
    assert theirs == ours == (0, "", "")
    sides.same(shows="one")
    sides.type(b"q")


def test_a_new_size_closes_a_menu(sides: SideBySide) -> None:
    begun(sides)
    opened(sides, "display-menu", "one menu", "o", "")
    sides.same(shows="one menu")
    sides.resize(COLUMNS - 6, ROWS - 2)
    until("closed", lambda: "one menu" not in "".join(sides.seen()[1].rows))
    sides.same()


def test_the_prefix_opens_the_menus_of_panes_and_windows(sides: SideBySide) -> None:
    begun(sides, ("split-window", "-h", QUIET), ("new-window", "-d", "-n", "other", QUIET))
    for key, shown in ((b"\x02>", "Horizontal Split"), (b"\x02<", "New After")):
        sides.type(key)
        sides.same(shows=shown, mask=r"%\d+")
        sides.type(b"q")
        gone(sides, shown)
        sides.same()


@pytest.mark.parametrize(
    ("where", "row", "shown"),
    [("line", 3, "Horizontal Split"), ("other", ROWS, "New After"), ("[", ROWS, "Renumber")],
)
def test_the_right_button_opens_menus(sides: SideBySide, where: str, row: int, shown: str) -> None:
    """One click in each case: tmux takes a click within 300 ms of another one as the second of a double click."""
    begun(
        sides,
        ("split-window", "-h", QUIET),
        ("new-window", "-d", "-n", "other", QUIET),
        ("set-option", "-g", "mouse", "on"),
    )
    column = sides.same(styles=False).rows[row - 1].index(where) + 2
    sides.type(mouse(2, column, row))
    sides.same(shows=shown, mask=r"%\d+")
    sides.type(mouse(2, 69, 2, up=True))
    gone(sides, shown)
    sides.same()


@pytest.mark.parametrize("stays", [False, True])
def test_the_mouse_chooses(sides: SideBySide, stays: bool) -> None:
    begun(sides, ("set-option", "-g", "mouse", "on"))
    flags = ("-O",) if stays else ()
    sides.run(
        ("bind-key", "-n", "MouseDown3Pane", "display-menu", *flags, "-x", "3", "-y", "12", *MENU)
    )
    sides.type(mouse(2, 10, 5))
    top = next(at for at, row in enumerate(sides.same(shows="first").rows, 1) if "first" in row)
    for x, y in ((10, top), (10, top + 1), (10, top + 2), (10, top + 3), (69, 1), (10, top)):
        sides.type(mouse(34, x, y))
        sides.same()
    if stays:
        sides.type(mouse(2, 69, 1, up=True))
        sides.same(shows="first")
        sides.type(mouse(35, 10, top + 3))
        sides.same(shows="first")
        sides.type(mouse(0, 10, top + 3))
    else:
        sides.type(mouse(34, 10, top + 3) + mouse(2, 10, top + 3, up=True))
    chosen(sides, "third 0")
    sides.same()


def test_a_menu_from_a_key_ignores_the_mouse(sides: SideBySide) -> None:
    begun(sides, ("set-option", "-g", "mouse", "on"))
    opened(sides, "display-menu", *MENU)
    sides.same(shows="first")
    sides.type(mouse(0, 30, 10))
    sides.same(shows="first")
    sides.type(mouse(0, 30, 10, up=True))
    gone(sides, "first")
    sides.same()


# Numbers of panes


@pytest.mark.parametrize("status", ["bottom", "top"])
def test_numbers_lie_over_the_panes(sides: SideBySide, status: str) -> None:
    begun(
        sides,
        ("split-window", "-h", QUIET),
        ("split-window", "-v", "-l", "4", QUIET),
        ("split-window", "-h", "-l", "3", QUIET),
        ("split-window", "-h", "-t", ":.0", "-l", "5", QUIET),
        ("split-window", "-v", "-t", ":.0", "-l", "5", QUIET),
        ("set-option", "-g", "status-position", status),
        ("set-option", "-g", "display-panes-colour", "colour100"),
        ("set-option", "-g", "display-panes-active-colour", "brightmagenta"),
        ("set-option", "-g", "display-panes-time", "30000"),
        program=QUIET,
    )
    sides.type(b"\x02q")
    until("numbers", lambda: "34x" in "".join(sides.seen()[0].rows))
    sides.same()
    sides.type(b"1")
    sides.same()
    assert_index(sides, "1")


def assert_index(sides: SideBySide, index: str) -> None:
    until(
        "the pane",
        lambda: all(
            answer[1] == f"{index}\n"
            for answer in sides.both("display-message", "-p", "#{pane_index}")
        ),
    )


def test_numbers_of_two_digits_have_letters(sides: SideBySide) -> None:
    begun(
        sides,
        ("split-window", "-h", QUIET),
        ("set-option", "-g", "pane-base-index", "10"),
        ("set-option", "-g", "display-panes-time", "30000"),
        program=QUIET,
    )
    sides.type(b"\x02q")
    sides.same(shows="x19")
    sides.type(b"a")
    assert_index(sides, "10")
    opened(sides, "display-panes", "-d", "0", "set -g @chosen '%%'")
    sides.same(shows="x19")
    sides.type(b"x")
    sides.same()
    chosen(sides, "none")


def test_numbers_disappear(sides: SideBySide) -> None:
    begun(sides, ("split-window", "-h", QUIET), program=QUIET)
    opened(sides, "display-panes", "-d", "1200")
    until("numbers", lambda: all("x19" in "".join(side.rows) for side in sides.seen()))
    until("none", lambda: not any("x19" in "".join(side.rows) for side in sides.seen()))
    sides.same()


@pytest.mark.parametrize("typed", [b"x", b"9", b"0", b"\x1b[A", b"\x02n"])
@pytest.mark.parametrize("flags", [(), ("-N",), ("-b",)])
def test_a_key_ends_the_numbers(sides: SideBySide, flags: Words, typed: bytes) -> None:
    begun(
        sides, ("split-window", "-h", QUIET), ("new-window", "-d", "-n", "w", QUIET), program=QUIET
    )
    opened(sides, "display-panes", *flags, "-d", "0", "set -g @chosen 'x'")
    until("numbers", lambda: all("x19" in "".join(side.rows) for side in sides.seen()))
    sides.type(typed)
    gone(sides, "x19")
    sides.same()
    assert len(set(sides.both("display-message", "-p", "#{@chosen}"))) == 1


@pytest.mark.parametrize(
    "words", [("-d", "x"), ("-d", "-1"), ("a", "b"), ("-q",), ("-t", "nobody")]
)
def test_mistakes_about_numbers(sides: SideBySide, words: Words) -> None:
    theirs, ours = sides.both("display-panes", *words)
    assert ours == theirs


# Popups

POPUP = "printf 'in a \\033[31mpopup\\033[0m 漢字\\n'; exec cat"


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("-w", "30", "-h", "8", "-x", "4", "-y", "12", "-T", "#[align=centre,fg=red]a title"),
        ("-B", "-w", "50%", "-h", "50%"),
        *[("-b", lines, "-S", "fg=green,bold") for lines in ("rounded", "double", "heavy", "simple", "padded", "none")],
        ("-s", "bg=blue,fg=white", "-S", "bg=red"), ("-w", "100%", "-h", "100%"),
    ],
)  # fmt: skip
def test_a_popup_shows_a_program(sides: SideBySide, flags: Words) -> None:
    begun(sides, ("split-window", "-h", QUIET))
    opened(sides, "display-popup", *flags, POPUP)
    sides.same(shows="in a popup", cursor=True)
    sides.type(b"typed\r")
    sides.same(shows="typed", cursor=True)
    sides.type(b"\x1b")
    gone(sides, "typed")
    sides.same()


def test_options_of_popups(sides: SideBySide) -> None:
    begun(
        sides,
        ("set-option", "-g", "popup-style", "bg=magenta"),
        ("set-option", "-g", "popup-border-style", "fg=cyan"),
        ("set-option", "-g", "popup-border-lines", "double"),
    )
    opened(sides, "display-popup", POPUP)
    sides.same(shows="in a popup")
    sides.run(("display-popup", "-C"))
    gone(sides, "in a popup")
    sides.same()


@pytest.mark.parametrize(
    ("flags", "program", "code"),
    [("-E", "exit 3", 3), ("-EE", "exit 0", 0), ("-E", "kill -TERM $$", 15)],
)
def test_a_popup_closes_with_its_program(
    sides: SideBySide, flags: str, program: str, code: int
) -> None:
    begun(sides)
    answers = sides.both("display-popup", flags, program)
    assert answers[1] == answers[0]
    assert answers[0][0] == code
    sides.same()


def test_a_popup_stays_after_a_failure(sides: SideBySide) -> None:
    begun(sides)
    opened(sides, "display-popup", "-EE", "echo failed here; exit 1")
    sides.same(shows="failed here")
    sides.type(b"\x1b")
    gone(sides, "failed here")
    sides.same()


def test_a_popup_has_a_directory_and_variables(sides: SideBySide) -> None:
    begun(sides)
    opened(
        sides, "display-popup", "-E", "-d", "/usr", "-e", "X=some #S", "echo $X $PWD; stty size; read -r line"
    )  # fmt: skip
    sides.same(shows="some #S /usr")
    sides.type(b"\r")
    gone(sides, "some #S")
    sides.same()


def test_the_mouse_moves_and_resizes_a_popup(sides: SideBySide) -> None:
    begun(sides, ("set-option", "-g", "mouse", "on"))
    opened(sides, "display-popup", "-x", "10", "-y", "12", "-w", "30", "-h", "8", POPUP)
    sides.same(shows="in a popup")
    for report in (
        mouse(0, 20, 5), mouse(32, 22, 6), mouse(32, 25, 8), mouse(0, 25, 8, up=True),
    ):  # fmt: skip
        sides.type(report)
        sides.same(styles=False, shows="in a popup")
    sides.run(("display-popup", "-C"))
    sides.same()


def test_a_popup_follows_the_size_of_the_terminal(sides: SideBySide) -> None:
    begun(sides)
    opened(sides, "display-popup", "-w", "60", "-h", "16", POPUP)
    sides.same(shows="in a popup")
    sides.resize(40, 12)
    sides.same(shows="in a popup", styles=False)
    sides.resize(COLUMNS, ROWS)
    sides.same(shows="in a popup", styles=False)
    sides.run(("display-popup", "-C"))
    sides.same()


@pytest.mark.parametrize(
    "words",
    [("-w", "0"), ("-h", "x"), ("-w", "200%"), ("-h", "500"), ("-b", "thick"), ("-t", "%99"),
     ("-C",), ("-q",), ("-w", "2", "-h", "2")],
)  # fmt: skip
def test_mistakes_about_popups(sides: SideBySide, words: Words) -> None:
    theirs, ours = sides.both("display-popup", *words)
    assert ours == theirs
