"""The command split-window. The expected sizes come from a real tmux."""

from typing import Any

import pytest

from fuguemux.commands import split_window
from fuguemux.model.decision import Refused
from fuguemux.model.effects import StartProcess
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.layout_strings import layout_string
from fuguemux.model.state import ServerState
from tests.support.builders import session, state, window
from tests.support.folding import Outcome, run

ONE = state(session("a"))


def made(*words: str, on: ServerState = ONE, **requester: Any) -> Outcome:
    return run(split_window.COMMAND, on, *words, **requester)


def looks(outcome: Outcome) -> str:
    return layout_string(outcome.state.windows[WindowId(0)].layout).partition(",")[2]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", "80x24,0,0[80x12,0,0,0,80x11,0,13,1]"),
        ("-h", "80x24,0,0{40x24,0,0,0,39x24,41,0,1}"),
        ("-h -b", "80x24,0,0{40x24,0,0,1,39x24,41,0,0}"),
        ("-l 5", "80x24,0,0[80x18,0,0,0,80x5,0,19,1]"),
        ("-l 25%", "80x24,0,0[80x17,0,0,0,80x6,0,18,1]"),
        ("-l 200%", "80x24,0,0[80x1,0,0,0,80x22,0,2,1]"),
        ("-h -p 25", "80x24,0,0{59x24,0,0,0,20x24,60,0,1}"),
        ("-h -l 0", "80x24,0,0{78x24,0,0,0,1x24,79,0,1}"),
        ("-p 200", "80x24,0,0[80x1,0,0,0,80x22,0,2,1]"),
    ],
)
def test_sizes(words: str, expected: str) -> None:
    assert looks(made(*words.split())) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("-l foo", "lines invalid"),
        ("-l -5", "lines too small"),
        ("-l 5%x", "lines invalid"),
        ("-p foo", "create pane failed: -p invalid"),
        ("-p -1", "create pane failed: -p too small"),
        ("-t %9", "can't find pane: %9"),
    ],
)
def test_what_is_refused(words: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        made(*words.split())
    assert str(refused.value) == message


def test_no_space() -> None:
    with pytest.raises(Refused, match=r"^no space for new pane$"):
        made(on=state(session("a", window(rows=2))))


def test_the_new_pane_is_active_unless_detached() -> None:
    assert made().state.windows[WindowId(0)].active == PaneId(1)
    assert made("-d").state.windows[WindowId(0)].active == PaneId(0)
    assert made().effects == (StartProcess(PaneId(1)),)


def test_a_zoomed_window_is_unzoomed_or_zoomed_anew() -> None:
    zoomed = state(session("a", window(panes=2, zoomed=True)))
    assert not made(on=zoomed).state.windows[WindowId(0)].zoomed
    assert made("-Z", on=zoomed).state.windows[WindowId(0)].zoomed


def test_words_are_run_in_the_directory_with_the_variables() -> None:
    pane = made("-c", "/srv", "-e", "A=1", "top", "-b").state.panes[PaneId(1)]
    assert (pane.argv, pane.cwd, pane.environment) == ((b"top", b"-b"), b"/srv", {b"A": b"1"})
