"""The commands select-layout, next-layout, previous-layout, rotate-window and swap-pane. The expected layouts come
from a real tmux."""

import pytest

from fuguemux.commands import (
    next_layout,
    previous_layout,
    rotate_window,
    select_layout,
    swap_pane,
)
from fuguemux.model.decision import Refused
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.layout import panes_of
from fuguemux.model.layout_strings import checksum, layout_string
from fuguemux.model.state import ServerState
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import Outcome, run
from tests.support.viewers import viewer

FOUR = state(session("a", window(panes=4, active=3)))
THREE = state(session("a", window(panes=3, direction="column", active=2)))
EVEN = "80x24,0,0[80x7,0,0,0,80x7,0,8,1,80x8,0,16,2]"
MAIN = "80x24,0,0[80x22,0,0,0,80x1,0,23{39x1,0,23,1,40x1,40,23,2}]"


def looks(outcome: Outcome) -> str:
    return layout_string(outcome.state.windows[WindowId(0)].layout).partition(",")[2]


def selected(on: ServerState, *words: str, live: FakeLive | None = None) -> Outcome:
    return run(select_layout.COMMAND, on, *words, live=live)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("even-horizontal", "80x24,0,0{19x24,0,0,0,19x24,20,0,1,19x24,40,0,2,20x24,60,0,3}"),
        (
            "main-vertical",
            "80x24,0,0{78x24,0,0,0,1x24,79,0[1x7,79,0,1,1x7,79,8,2,1x8,79,16,3]}",
        ),
        (
            "tiled",
            "80x24,0,0[80x11,0,0{39x11,0,0,0,40x11,40,0,1},80x12,0,12{39x12,0,12,2,40x12,40,12,3}]",
        ),
        (
            "main-horizontal",
            "80x24,0,0[80x22,0,0,0,80x1,0,23{26x1,0,23,1,26x1,27,23,2,26x1,54,23,3}]",
        ),
    ],
)
def test_named_layouts(name: str, expected: str) -> None:
    assert looks(selected(FOUR, name)) == expected
    assert looks(selected(FOUR, name[: len(name) - 3])) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"main-pane-height": "50%"},
            "80x24,0,0[80x11,0,0,0,80x12,0,12{39x12,0,12,1,40x12,40,12,2}]",
        ),
        (
            {"main-pane-height": "50%", "other-pane-height": "5"},
            "80x24,0,0[80x18,0,0,0,80x5,0,19{39x5,0,19,1,40x5,40,19,2}]",
        ),
    ],
)
def test_the_size_of_the_main_pane(options: dict[str, str], expected: str) -> None:
    on = state(session("a", window(panes=3, options=options)))
    assert looks(selected(on, "main-horizontal")) == expected


def test_next_previous_and_back() -> None:
    even = selected(THREE, "even-v")
    assert looks(even) == EVEN
    main = run(next_layout.COMMAND, even.state)
    assert looks(main) == MAIN
    assert looks(run(previous_layout.COMMAND, main.state)) == EVEN
    assert looks(selected(main.state, "-p")) == EVEN
    assert looks(selected(main.state, "-o")) == EVEN
    across = run(previous_layout.COMMAND, even.state)
    assert looks(across) == "80x24,0,0{26x24,0,0,0,26x24,27,0,1,26x24,54,0,2}"


def test_spreading_out() -> None:
    body = "80x24,0,0{20x24,0,0,0,59x24,21,0[59x3,21,0,1,59x20,21,4,2]}"
    on = selected(THREE, f"{checksum(body):04x},{body}").state
    first = selected(on, "-E", "-t", ".0")
    assert looks(first) == "80x24,0,0{39x24,0,0,0,40x24,40,0[40x3,40,0,1,40x20,40,4,2]}"
    second = selected(first.state, "-E", "-t", ".1")
    assert looks(second) == "80x24,0,0{39x24,0,0,0,40x24,40,0[40x11,40,0,1,40x12,40,12,2]}"


def test_a_layout_string_with_more_cells_than_panes() -> None:
    on = state(session("a", window(panes=2)))
    text = "67c0,120x40,0,0[120x20,0,0,1,120x9,0,21,2,120x9,0,31,3]"
    assert looks(selected(on, text)) == "120x40,0,0[120x20,0,0,0,120x19,0,21,1]"
    seen = FakeLive(attached=(viewer(),))
    assert looks(selected(on, text, live=seen)).startswith("80x24,0,0[")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo", "invalid layout: foo"),
        ("even-", "invalid layout: even-"),
        ("zzzz,80x24,0,0,3", "invalid layout: zzzz,80x24,0,0,3"),
        ("aafe,120x40,0,0,1", "have 3 panes but need 1: aafe,120x40,0,0,1"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        selected(THREE, text)
    assert str(refused.value) == message


def test_a_zoomed_window_is_unzoomed() -> None:
    on = state(session("a", window(panes=3, zoomed=True)))
    assert not selected(on, "tiled").state.windows[WindowId(0)].zoomed


@pytest.mark.parametrize(
    ("words", "order", "active"),
    [((), [1, 2, 0], 0), (("-D",), [2, 0, 1], 1), (("-U",), [1, 2, 0], 0)],
)
def test_rotation_keeps_the_active_cell(
    words: tuple[str, ...], order: list[int], active: int
) -> None:
    outcome = run(rotate_window.COMMAND, THREE, *words)
    window_after = outcome.state.windows[WindowId(0)]
    assert list(panes_of(window_after.layout)) == order
    assert window_after.active == active


@pytest.mark.parametrize(
    ("words", "order", "active"),
    [
        ("-d -s .0 -t .2", [2, 1, 0], 0),
        ("-s .0 -t .2", [2, 1, 0], 2),
        ("-U", [0, 2, 1], 2),
        ("-D", [2, 1, 0], 2),
        ("-d -s .2 -t .1", [0, 2, 1], 2),
    ],
)
def test_swapping(words: str, order: list[int], active: int) -> None:
    outcome = run(swap_pane.COMMAND, THREE, *words.split())
    window_after = outcome.state.windows[WindowId(0)]
    assert list(panes_of(window_after.layout)) == order
    assert window_after.active == active


def test_swapping_between_windows() -> None:
    on = state(session("a", window(panes=2), window()))
    for words in (("-s", "a:0.0", "-t", "a:1.0"), ("-s", "a:1.0", "-t", "a:0.0")):
        outcome = run(swap_pane.COMMAND, on, *words)
        first, second = outcome.state.windows[WindowId(0)], outcome.state.windows[WindowId(1)]
        assert panes_of(first.layout) == (2, 1)
        assert panes_of(second.layout) == (0,)
        assert (first.active, second.active) == (PaneId(2), PaneId(0))
        assert second.layout.columns == 80
