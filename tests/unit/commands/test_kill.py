"""The commands kill-pane, kill-window, kill-session, kill-server and unlink-window."""

import pytest
from msgspec.structs import replace

from fuguemux.commands import kill_pane, kill_server, kill_session, kill_window, unlink_window
from fuguemux.model.decision import Refused
from fuguemux.model.effects import StopServer
from fuguemux.model.events import SessionDestroyed
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.state import Link, ServerState
from tests.support.builders import session, state, window
from tests.support.folding import Outcome, run

STATE = state(session("a", window(panes=3, active=1), window(), window()), session("b"))


def linked_twice() -> ServerState:
    """The session `a` has its window 0 also at 1, and `b` has it at 5."""
    built = state(session("a"), session("b", window()))
    first, second = built.sessions[SessionId(0)], built.sessions[SessionId(1)]
    shared = WindowId(0)
    first = replace(first, links=(*first.links, Link(1, shared)))
    second = replace(second, links=(*second.links, Link(5, shared)))
    return replace(built, sessions={first.id: first, second.id: second})


def indices(outcome: Outcome, of: int = 0) -> list[int]:
    return [link.index for link in outcome.state.sessions[SessionId(of)].links]


def test_a_pane_goes_and_its_neighbour_becomes_active() -> None:
    outcome = run(kill_pane.COMMAND, STATE, "-t", "a:0.1")
    assert sorted(outcome.state.panes) == [0, 2, 3, 4, 5]
    assert outcome.state.windows[WindowId(0)].active == PaneId(0)


def test_all_other_panes_go() -> None:
    outcome = run(kill_pane.COMMAND, STATE, "-a", "-t", "a:0.2")
    assert sorted(outcome.state.panes) == [2, 3, 4, 5]
    assert outcome.state.windows[WindowId(0)].active == PaneId(2)


def test_the_last_pane_takes_its_window_and_session_along() -> None:
    outcome = run(kill_pane.COMMAND, STATE, "-t", "b:0.0")
    assert list(outcome.state.sessions) == [SessionId(0)]
    assert WindowId(3) not in outcome.state.windows


def test_a_window_goes() -> None:
    assert indices(run(kill_window.COMMAND, STATE, "-t", "a:1")) == [0, 2]
    with pytest.raises(Refused, match=r"^can't find window: 77$"):
        run(kill_window.COMMAND, STATE, "-t", "a:77")


def test_the_current_window_goes_and_the_one_before_it_comes_round_the_end() -> None:
    outcome = run(kill_window.COMMAND, STATE, "-t", "a:0")
    assert outcome.state.sessions[SessionId(0)].active == 2


def test_all_other_windows_go() -> None:
    assert indices(run(kill_window.COMMAND, STATE, "-a", "-t", "a:1")) == [1]


def test_a_window_goes_from_every_session() -> None:
    outcome = run(kill_window.COMMAND, linked_twice(), "-t", "b:5")
    assert list(outcome.state.sessions) == [SessionId(1)]
    assert indices(outcome, 1) == [0]


def test_all_other_windows_include_this_one_if_it_is_there_twice() -> None:
    outcome = run(kill_window.COMMAND, linked_twice(), "-a", "-t", "a:0")
    assert SessionId(0) not in outcome.state.sessions


def test_windows_are_renumbered_if_wanted() -> None:
    plan = state(session("a", window(), window(), window(), options={"renumber-windows": "on"}))
    assert indices(run(kill_window.COMMAND, plan, "-t", "a:1")) == [0, 1]


def test_unlinking() -> None:
    outcome = run(unlink_window.COMMAND, linked_twice(), "-t", "b:5")
    assert indices(outcome, 1) == [0]
    assert WindowId(0) in outcome.state.windows
    with pytest.raises(Refused, match=r"^window only linked to one session$"):
        run(unlink_window.COMMAND, STATE, "-t", "a:1")
    assert indices(run(unlink_window.COMMAND, STATE, "-k", "-t", "a:1")) == [0, 2]


def test_sessions_go() -> None:
    assert list(run(kill_session.COMMAND, STATE, "-t", "b").state.sessions) == [SessionId(0)]
    assert list(run(kill_session.COMMAND, STATE, "-a", "-t", "b").state.sessions) == [SessionId(1)]
    assert run(kill_session.COMMAND, STATE, "-C", "-t", "b").decision.events == ()
    with pytest.raises(Refused, match=r"^can't find session: zz$"):
        run(kill_session.COMMAND, STATE, "-t", "zz")


def test_the_server_goes_with_everything() -> None:
    outcome = run(kill_server.COMMAND, STATE)
    left = outcome.state
    assert (left.sessions, left.windows, left.panes) == ({}, {}, {})
    assert outcome.effects == (StopServer(),)
    assert all(isinstance(event, SessionDestroyed) for event in outcome.decision.events)
