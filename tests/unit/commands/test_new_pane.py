"""new-pane, and what other commands do to floating panes."""

import pytest

from fuguemux.commands import (
    break_pane,
    join_pane,
    kill_pane,
    last_pane,
    move_pane,
    new_pane,
    resize_pane,
    rotate_window,
    select_layout,
    select_pane,
    split_window,
    swap_pane,
)
from fuguemux.commands.command import Command
from fuguemux.model.decision import Refused
from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.layout import panes_of
from fuguemux.model.layout_strings import window_layout_string
from fuguemux.model.state import ServerState, Window
from fuguemux.model.window_panes import panes_in
from tests.support.builders import session, state, window
from tests.support.folding import run

STATE = state(session("a", window(panes=2), window()))


def after(before: ServerState, command: Command, *words: str) -> ServerState:
    return run(command, before, *words).state


def shown(of: ServerState, number: int = 0) -> Window:
    return of.windows[WindowId(number)]


def place(of: ServerState, pane: int = 3) -> tuple[int, int, int, int]:
    [found] = [each for each in shown(of).floating if each.pane == pane]
    return found.x, found.y, found.columns, found.rows


ONE = after(STATE, new_pane.COMMAND, "-x", "22", "-y", "8", "-X", "10", "-Y", "4", "top")
TWO = after(ONE, new_pane.COMMAND, "-x", "12", "-y", "6", "-X", "50", "-Y", "10")


def test_a_new_one_is_active_and_in_front() -> None:
    outcome = run(new_pane.COMMAND, STATE, "-P", "top")
    assert shown(outcome.state).active == 3
    assert shown(outcome.state).floating == (Floating(PaneId(3), 4, 2, 40, 6),)
    assert outcome.state.panes[PaneId(3)].argv == (b"top",)
    second = after(outcome.state, new_pane.COMMAND, "-d")
    assert shown(second).active == 3
    assert [(each.pane, each.x, each.y) for each in shown(second).floating] == [
        (4, 8, 4),
        (3, 4, 2),
    ]


def test_sizes_include_the_border_and_percentages_are_of_the_window() -> None:
    assert place(ONE) == (11, 5, 20, 6)
    half = after(STATE, new_pane.COMMAND, "-x", "50%", "-y", "50%", "-X", "50%", "-Y", "0")
    assert place(half) == (41, 1, 38, 10)
    bare = after(STATE, new_pane.COMMAND, "-B", "none", "-x", "20", "-y", "6", "-X", "0", "-Y", "0")
    assert place(bare) == (0, 0, 20, 6)


def test_outside_of_the_window_it_is_moved_inside() -> None:
    assert place(after(STATE, new_pane.COMMAND, "-X", "80", "-Y", "24")) == (39, 17, 40, 6)
    assert place(after(STATE, new_pane.COMMAND, "-X", "-9", "-x", "500")) == (1, 2, 78, 6)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-x", "2"), "invalid width"),
        (("-y", "1"), "invalid height"),
        (("-x", "z"), "position invalid"),
        (("-X", "99"), "position too large"),
        (("-B", "round"), "unknown value: round"),
        (("-s", "nonsense"), "invalid style: nonsense"),
        (("-O",), "-O is not supported: use display-popup for what has to be answered first"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(Refused, match=message):
        run(new_pane.COMMAND, STATE, *words)


def test_it_unzooms_the_window_unless_it_stays_above() -> None:
    zoomed = after(STATE, resize_pane.COMMAND, "-Z")
    assert not shown(after(zoomed, new_pane.COMMAND)).zoomed
    above = after(zoomed, new_pane.COMMAND, "-A")
    assert (shown(above).zoomed, shown(above).active) == (True, 3)
    back = after(above, select_pane.COMMAND, "-t", "%0")
    assert (shown(back).zoomed, shown(back).active) == (True, 0)
    assert not shown(after(above, select_pane.COMMAND, "-t", "%1")).zoomed


def test_with_l_it_splits() -> None:
    assert panes_of(shown(after(STATE, new_pane.COMMAND, "-L", "-h")).layout) == (0, 3, 1)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-P", "top-left"), (1, 1)),
        (("-P", "centre"), (30, 9)),
        (("-P", "center"), (30, 9)),
        (("-P", "bottom-right"), (59, 17)),
        (("-P", "centre-left"), (1, 9)),
        (("-P", "bottom-right-centre"), (50, 15)),
        (("-U",), (11, 4)),
        (("-D", "3"), (11, 8)),
        (("-L3", "-D2"), (8, 7)),
        (("-R", "-2"), (9, 5)),
        (("-X", "0", "-Y", "50%"), (1, 13)),
        (("-X", "80"), (59, 5)),
    ],
)
def test_moving(words: tuple[str, ...], expected: tuple[int, int]) -> None:
    assert place(after(ONE, move_pane.COMMAND, "-t", "%3", *words))[:2] == expected


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (("-P", "front"), [3, 4]),
        (("-P", "back"), [4, 3]),
        (("-P", "forward"), [3, 4]),
        (("-P", "backward"), [4, 3]),
        (("-P", "forward-loop"), [3, 4]),
        (("-P", "backward-loop"), [3, 4]),
        (("-z", "0"), [3, 4]),
        (("-z", "9"), [4, 3]),
    ],
)
def test_the_order_of_depth(words: tuple[str, ...], order: list[int]) -> None:
    moved = after(TWO, move_pane.COMMAND, "-t", "%3", *words)
    assert [each.pane for each in shown(moved).floating] == order


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-x", "30"), (11, 5, 28, 6)),
        (("-x", "50%", "-y", "100%"), (11, 1, 38, 22)),
        (("-R", "5"), (11, 5, 25, 6)),
        (("-L", "5"), (6, 5, 25, 6)),
        (("-U",), (11, 4, 20, 7)),
        (("-D", "--", "-2"), (11, 5, 20, 4)),
    ],
)
def test_resizing(words: tuple[str, ...], expected: tuple[int, int, int, int]) -> None:
    assert place(after(ONE, resize_pane.COMMAND, "-t", "%3", *words)) == expected


def test_a_size_that_no_pane_has_is_refused() -> None:
    with pytest.raises(Refused, match="adjustment change is too big or too small"):
        run(resize_pane.COMMAND, ONE, "-t", "%3", "-D", "--", "-20")
    with pytest.raises(Refused, match="size size is too big or too small"):
        run(resize_pane.COMMAND, ONE, "-t", "%3", "-x", "0")
    with pytest.raises(Refused, match="pane is not floating"):
        run(move_pane.COMMAND, ONE, "-t", "%0", "-U")
    with pytest.raises(Refused, match="unknown position: middle"):
        run(move_pane.COMMAND, ONE, "-t", "%3", "-P", "middle")


def test_floating_and_tiling_again() -> None:
    lifted = after(STATE, break_pane.COMMAND, "-W", "-s", "%0", "-x", "30")
    assert (panes_of(shown(lifted).layout), place(lifted, 0)) == ((1,), (4, 2, 28, 6))
    moved = after(lifted, move_pane.COMMAND, "-t", "%0", "-D", "4")
    back = after(moved, join_pane.COMMAND, "-s", "%0", "-t", "%0")
    assert shown(back).layout == shown(STATE).layout
    assert place(after(back, break_pane.COMMAND, "-W", "-s", "%0"), 0) == (4, 6, 28, 6)


def test_what_cannot_float_or_be_tiled() -> None:
    with pytest.raises(Refused, match="pane is already floating"):
        run(break_pane.COMMAND, ONE, "-W", "-s", "%3")
    with pytest.raises(Refused, match="the last tiled pane of a window cannot float"):
        run(break_pane.COMMAND, STATE, "-W", "-s", "%2")
    zoomed = after(ONE, resize_pane.COMMAND, "-Z", "-t", "%3")
    with pytest.raises(Refused, match="can't tile a pane while window is zoomed"):
        run(join_pane.COMMAND, zoomed, "-s", "%3", "-t", "%3")
    with pytest.raises(Refused, match="size or position can't split a floating pane"):
        run(join_pane.COMMAND, ONE, "-s", "%0", "-t", "%3")


def test_joining_it_into_a_layout_and_breaking_it_out() -> None:
    joined = after(ONE, join_pane.COMMAND, "-h", "-s", "%3", "-t", "%0")
    assert (panes_of(shown(joined).layout), shown(joined).floating) == ((0, 3, 1), ())
    other = after(ONE, join_pane.COMMAND, "-s", "%3", "-t", "%2")
    assert (panes_of(shown(other, 1).layout), panes_in(shown(other))) == ((2, 3), (0, 1))
    broken = after(ONE, break_pane.COMMAND, "-s", "%3")
    assert (panes_in(shown(broken, 2)), panes_in(shown(broken))) == ((3,), (0, 1))


def test_splitting_one_makes_another_beside_it() -> None:
    made = after(ONE, split_window.COMMAND, "-h", "-t", "%3")
    assert (place(made, 3), place(made, 4)) == ((11, 5, 20, 6), (33, 5, 20, 6))
    above = after(ONE, split_window.COMMAND, "-b", "-t", "%3")
    assert (place(above, 3), place(above, 4)) == ((11, 7, 20, 4), (11, 1, 20, 4))


def test_swapping() -> None:
    swapped = after(ONE, swap_pane.COMMAND, "-s", "%3", "-t", "%0")
    assert panes_of(shown(swapped).layout) == (3, 1)
    assert place(swapped, 0) == (11, 5, 20, 6)
    with pytest.raises(Refused, match="cannot swap down on floating pane"):
        run(swap_pane.COMMAND, ONE, "-D", "-t", "%3")
    with pytest.raises(Refused, match="cannot be swapped with a pane of another window"):
        run(swap_pane.COMMAND, ONE, "-s", "%3", "-t", "%2")


def test_layouts_leave_them_alone() -> None:
    for command, *words in (
        (select_layout.COMMAND, "even-vertical"),
        (select_layout.COMMAND, "-n"),
        (rotate_window.COMMAND,),
    ):
        made = after(ONE, command, *words)
        assert shown(made).floating == shown(ONE).floating
        assert shown(made).layout != shown(ONE).layout
        assert shown(made).active == 3


def test_selecting() -> None:
    back = after(TWO, select_pane.COMMAND, "-t", "%3")
    assert [each.pane for each in shown(back).floating] == [3, 4]
    assert shown(after(back, last_pane.COMMAND)).active == 4
    assert shown(after(TWO, select_pane.COMMAND, "-L", "-t", "%4")).active == 0
    assert shown(after(TWO, select_pane.COMMAND, "-R", "-t", "%0")).active == 1
    assert shown(after(TWO, select_pane.COMMAND, "-t", "{top-left}")).active == 0


def test_closing() -> None:
    assert panes_in(shown(after(TWO, kill_pane.COMMAND, "-t", "%3"))) == (0, 1, 4)
    assert panes_in(shown(after(TWO, kill_pane.COMMAND, "-a", "-t", "%3"))) == (3,)


def test_a_layout_string_puts_them_back() -> None:
    text = window_layout_string(shown(TWO))
    moved = after(TWO, move_pane.COMMAND, "-t", "%3", "-P", "bottom-left")
    moved = after(moved, select_layout.COMMAND, "even-vertical")
    back = shown(after(moved, select_layout.COMMAND, text))
    assert (back.layout, back.floating) == (shown(TWO).layout, shown(TWO).floating)
    before = shown(after(moved, select_layout.COMMAND, "-o"))
    assert (before.layout, before.floating) == (shown(TWO).layout, shown(moved).floating)
    with pytest.raises(Refused, match="have 1 floating panes but need 2"):
        run(select_layout.COMMAND, ONE, text)
    for wrong in (text.replace("<", "["), text.removesuffix(">"), "0000" + text[4:]):
        with pytest.raises(Refused, match="invalid layout"):
            run(select_layout.COMMAND, TWO, wrong)
