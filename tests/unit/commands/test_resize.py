"""The commands resize-pane and resize-window. The expected sizes come from a real tmux."""

import pytest

from fuguemux.commands import resize_pane, resize_window
from fuguemux.model.decision import Refused
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.layout_strings import layout_string
from fuguemux.model.state import ServerState
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import Outcome, run
from tests.support.viewers import viewer

TWO = state(session("a", window(panes=2)))
ONE = state(session("a"))


def looks(outcome: Outcome) -> str:
    return layout_string(outcome.state.windows[WindowId(0)].layout).partition(",")[2]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-x 20", "80x24,0,0{20x24,0,0,0,59x24,21,0,1}"),
        ("-x 50%", "80x24,0,0{40x24,0,0,0,39x24,41,0,1}"),
        ("-x 500", "80x24,0,0{78x24,0,0,0,1x24,79,0,1}"),
        ("-L", "80x24,0,0{39x24,0,0,0,40x24,40,0,1}"),
        ("-R 10", "80x24,0,0{50x24,0,0,0,29x24,51,0,1}"),
        ("-U 5", "80x24,0,0{40x24,0,0,0,39x24,41,0,1}"),
        ("-t .1 -x 20", "80x24,0,0{59x24,0,0,0,20x24,60,0,1}"),
    ],
)
def test_pane_sizes(words: str, expected: str) -> None:
    assert looks(run(resize_pane.COMMAND, TWO, *words.split())) == expected


def test_zoom_is_turned_on_and_off_and_resizing_ends_it() -> None:
    zoomed = run(resize_pane.COMMAND, TWO, "-Z", "-t", ".1")
    assert zoomed.state.windows[WindowId(0)].zoomed
    assert zoomed.state.windows[WindowId(0)].active == PaneId(1)
    assert not run(resize_pane.COMMAND, zoomed.state, "-Z").state.windows[WindowId(0)].zoomed
    assert not run(resize_pane.COMMAND, zoomed.state, "-L").state.windows[WindowId(0)].zoomed


def test_an_only_pane_is_not_zoomed() -> None:
    assert run(resize_pane.COMMAND, ONE, "-Z").decision.events == ()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("-x abc", "width invalid"),
        ("-x 200%", "width too large"),
        ("-y -1", "height too small"),
        ("foo", "adjustment invalid"),
        ("-L 0", "adjustment too small"),
    ],
)
def test_what_is_refused(words: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        run(resize_pane.COMMAND, TWO, *words.split())
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-x 100", "100x24,0,0,0"),
        ("-y 10", "80x10,0,0,0"),
        ("-L 500", "80x24,0,0,0"),
        ("-R 3", "83x24,0,0,0"),
        ("-U 4", "80x20,0,0,0"),
        ("-A", "120x39,0,0,0"),
        ("-a", "70x29,0,0,0"),
    ],
)
def test_window_sizes_are_by_hand_from_then_on(words: str, expected: str) -> None:
    live = FakeLive(attached=(viewer(columns=120, rows=30), viewer(2, columns=70, rows=40)))
    outcome = run(resize_window.COMMAND, ONE, *words.split(), live=live)
    assert looks(outcome) == expected
    assert outcome.state.windows[WindowId(0)].options == {"window-size": "manual"}


def test_without_viewers_the_default_size() -> None:
    on: ServerState = state(session("a", window(columns=10, rows=5)))
    assert looks(run(resize_window.COMMAND, on, "-A")) == "80x24,0,0,0"


def test_a_window_cannot_be_nothing() -> None:
    with pytest.raises(Refused, match=r"^width too small$"):
        run(resize_window.COMMAND, ONE, "-x", "0")
