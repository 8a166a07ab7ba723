"""The commands move-window, link-window, swap-window, break-pane, join-pane and move-pane."""

import pytest

from fuguemux.commands import (
    break_pane,
    join_pane,
    link_window,
    move_pane,
    move_window,
    swap_window,
)
from fuguemux.commands.command import Command
from fuguemux.model.decision import Expand, Refused
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout_strings import layout_string
from tests.support.builders import session, state, window
from tests.support.folding import Outcome, run

STATE = state(session("a", window(panes=3), window(), window(at=5)), session("b"))


def indices(outcome: Outcome, of: int = 0) -> dict[int, int]:
    return {link.index: link.window for link in outcome.state.sessions[SessionId(of)].links}


def test_a_window_goes_to_a_free_place() -> None:
    outcome = run(move_window.COMMAND, STATE, "-s", "a:1", "-t", "a:9")
    assert indices(outcome) == {0: 0, 5: 2, 9: 1}
    assert outcome.state.sessions[SessionId(0)].active == 9
    stays = run(move_window.COMMAND, STATE, "-d", "-s", "a:1", "-t", "a:9")
    assert stays.state.sessions[SessionId(0)].active == 0


def test_a_window_goes_to_another_session_which_it_may_end() -> None:
    outcome = run(move_window.COMMAND, STATE, "-s", "b:0", "-t", "a:")
    assert indices(outcome) == {0: 0, 1: 1, 2: 3, 5: 2}
    assert SessionId(1) not in outcome.state.sessions


def test_a_window_goes_behind_before_or_in_place_of_another() -> None:
    assert indices(run(move_window.COMMAND, STATE, "-a", "-s", "b:0", "-t", "a:0")) == {
        0: 0,
        1: 3,
        2: 1,
        5: 2,
    }
    assert indices(run(move_window.COMMAND, STATE, "-b", "-s", "a:5", "-t", "a:0")) == {
        0: 2,
        1: 0,
        2: 1,
    }
    assert indices(run(move_window.COMMAND, STATE, "-k", "-s", "a:5", "-t", "a:0")) == {0: 2, 1: 1}


def test_renumbering() -> None:
    assert indices(run(move_window.COMMAND, STATE, "-r", "-t", "a")) == {0: 0, 1: 1, 2: 2}


@pytest.mark.parametrize("command", [move_window.COMMAND, link_window.COMMAND])
@pytest.mark.parametrize(
    ("place", "message"), [("a:0", "same index: 0"), ("a:1", "index in use: 1")]
)
def test_places_in_use(command: Command, place: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        run(command, STATE, "-s", "a:0", "-t", place)
    assert str(refused.value) == message


def test_a_window_in_two_sessions() -> None:
    outcome = run(link_window.COMMAND, STATE, "-d", "-s", "a:1", "-t", "b:4")
    assert indices(outcome, 1) == {0: 3, 4: 1}
    assert indices(outcome) == indices(run(swap_window.COMMAND, STATE, "-s", "a:0", "-t", "a:0"))


def test_windows_change_places() -> None:
    outcome = run(swap_window.COMMAND, STATE, "-d", "-s", "a:0", "-t", "b:0")
    assert indices(outcome)[0] == 3
    assert indices(outcome, 1) == {0: 0}


def test_a_pane_gets_a_window_of_its_own() -> None:
    outcome = run(break_pane.COMMAND, STATE, "-d", "-P", "-n", "foo", "-s", "a:0.1", "-t", "a:")
    broken = outcome.state.windows[WindowId(4)]
    assert (broken.name, broken.active, broken.options) == (
        "foo",
        PaneId(1),
        {"automatic-rename": "off"},
    )
    assert indices(outcome)[2] == 4
    line = "#{session_name}:#{window_index}.#{pane_index}"
    assert outcome.decision.reply.lines == (Expand(line, SessionId(0), WindowId(4), PaneId(1)),)


def test_breaking_an_only_pane_moves_its_window() -> None:
    outcome = run(break_pane.COMMAND, STATE, "-n", "new", "-s", "a:1", "-t", "b:7")
    assert indices(outcome, 1) == {0: 3, 7: 1}
    assert outcome.state.windows[WindowId(1)].name == "new"
    with pytest.raises(Refused, match=r"^index in use: 1$"):
        run(break_pane.COMMAND, STATE, "-s", "a:0.0", "-t", "a:1")


@pytest.mark.parametrize("command", [join_pane.COMMAND, move_pane.COMMAND])
def test_a_pane_goes_beside_another(command: Command) -> None:
    outcome = run(command, STATE, "-h", "-l", "20", "-s", "a:1", "-t", "b:0")
    joined = outcome.state.windows[WindowId(3)]
    assert layout_string(joined.layout).endswith(",80x24,0,0{59x24,0,0,5,20x24,60,0,3}")
    assert joined.active == PaneId(3)
    assert WindowId(1) not in outcome.state.windows


def test_a_pane_goes_elsewhere_in_its_window() -> None:
    outcome = run(join_pane.COMMAND, STATE, "-d", "-v", "-s", "a:0.0", "-t", "a:0.2")
    joined = outcome.state.windows[WindowId(0)]
    assert layout_string(joined.layout).endswith("[19x12,61,0,2,19x11,61,13,0]}")
    assert joined.active == PaneId(1)


def test_joining_may_end_a_session() -> None:
    outcome = run(join_pane.COMMAND, STATE, "-s", "b:0", "-t", "a:1")
    assert list(outcome.state.sessions) == [SessionId(0)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("-s a:0.0 -t a:0.0", "source and target panes must be different"),
        ("-l foo -s a:0.0 -t a:1", "size invalid"),
        ("-s b:9 -t a:1", "can't find window: 9"),
    ],
)
def test_what_is_refused(words: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        run(join_pane.COMMAND, STATE, *words.split())
    assert str(refused.value) == message


def test_a_pane_too_small_to_join() -> None:
    on = state(session("a", window(rows=2), window()))
    with pytest.raises(Refused, match=r"^create pane failed: pane too small$"):
        run(join_pane.COMMAND, on, "-s", "a:1", "-t", "a:0")
