"""The commands select-pane, last-pane, select-window, next-window, previous-window and last-window."""

import pytest

from fuguemux.commands import (
    last_pane,
    last_window,
    next_window,
    previous_window,
    select_pane,
    select_window,
)
from fuguemux.commands.command import Command
from fuguemux.model.decision import Refused
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.state import ServerState
from tests.support.builders import session, state, window
from tests.support.folding import Outcome, run

STATE = state(session("a", window(panes=3), window(), window(), active=1, last=(2,)))
ALONE = state(session("a"))


def active(outcome: Outcome) -> PaneId:
    return outcome.state.windows[WindowId(0)].active


@pytest.mark.parametrize(
    ("words", "expected"), [("-t .2", 2), ("-R", 1), ("-L", 2), ("-U", 0), ("-t {right}", 2)]
)
def test_a_pane_by_number_or_side(words: str, expected: int) -> None:
    on = state(session("a", window(panes=3)))
    assert active(run(select_pane.COMMAND, on, *words.split())) == expected


def test_the_zoom_ends_or_goes_along() -> None:
    on = state(session("a", window(panes=2, zoomed=True)))
    assert not run(select_pane.COMMAND, on, "-R").state.windows[WindowId(0)].zoomed
    kept = run(select_pane.COMMAND, on, "-RZ")
    assert kept.state.windows[WindowId(0)].zoomed
    assert active(kept) == 1


def test_a_title_is_a_format_and_bounded() -> None:
    outcome = run(select_pane.COMMAND, ALONE, "-T", "in #{session_name}")
    assert outcome.state.panes[PaneId(0)].title == "in a"
    long = run(select_pane.COMMAND, ALONE, "-T", "x" * 5000)
    assert len(long.state.panes[PaneId(0)].title) == 1024


def test_a_style_is_the_panes_own() -> None:
    options = run(select_pane.COMMAND, ALONE, "-P", "bg=red").state.panes[PaneId(0)].options
    assert options == {"window-style": "bg=red", "window-active-style": "bg=red"}


@pytest.mark.parametrize("command", [last_pane.COMMAND, select_pane.COMMAND])
def test_the_last_pane(command: Command) -> None:
    words = ("-l",) if command is select_pane.COMMAND else ()
    of_two = state(session("a", window(panes=2, active=1)))
    assert active(run(command, of_two, *words)) == 0
    remembered = state(session("a", window(panes=3, active=2, last=(0,))))
    assert active(run(command, remembered, *words)) == 0
    with pytest.raises(Refused, match=r"^no last pane$"):
        run(command, ALONE, *words)


@pytest.mark.parametrize(
    ("command", "words", "expected"),
    [
        (select_window.COMMAND, "-t a:2", 2),
        (select_window.COMMAND, "-n", 2),
        (select_window.COMMAND, "-p", 0),
        (select_window.COMMAND, "-l", 2),
        (select_window.COMMAND, "-T -t a:1", 2),
        (select_window.COMMAND, "-T -t a:0", 0),
        (next_window.COMMAND, "-t a", 2),
        (previous_window.COMMAND, "", 0),
        (last_window.COMMAND, "", 2),
    ],
)
def test_windows(command: Command, words: str, expected: int) -> None:
    outcome = run(command, STATE, *words.split())
    assert outcome.state.sessions[SessionId(0)].active == expected


def test_next_goes_round_the_end() -> None:
    at_end = state(session("a", window(), window(), active=1))
    assert run(next_window.COMMAND, at_end).state.sessions[SessionId(0)].active == 0


@pytest.mark.parametrize(
    ("command", "on", "message"),
    [
        (next_window.COMMAND, ALONE, "no next window"),
        (previous_window.COMMAND, ALONE, "no previous window"),
        (last_window.COMMAND, ALONE, "no last window"),
    ],
)
def test_what_is_refused(command: Command, on: ServerState, message: str) -> None:
    with pytest.raises(Refused) as refused:
        run(command, on)
    assert str(refused.value) == message
