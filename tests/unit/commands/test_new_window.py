"""The command new-window."""

from typing import Any

import pytest

from fuguemux.commands import new_window
from fuguemux.model.decision import Expand, Refused
from fuguemux.model.effects import StartProcess
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import leaf
from fuguemux.model.state import ServerState
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import Outcome, run
from tests.support.viewers import viewer

TWO = state(session("a", window("zero"), window("one")))


def made(*words: str, on: ServerState = TWO, **requester: Any) -> Outcome:
    return run(new_window.COMMAND, on, *words, **requester)


def indices(outcome: Outcome) -> dict[int, int]:
    return {link.index: link.window for link in outcome.state.sessions[SessionId(0)].links}


def test_the_next_free_index_and_current() -> None:
    outcome = made()
    assert indices(outcome) == {0: 0, 1: 1, 2: 2}
    assert outcome.state.sessions[SessionId(0)].active == 2
    assert outcome.effects == (StartProcess(PaneId(2)),)


def test_base_index() -> None:
    outcome = made(on=state(session("a", window(at=0), options={"base-index": "5"})))
    assert indices(outcome) == {0: 0, 5: 1}


def test_detached_it_does_not_become_current() -> None:
    assert made("-d", "-t", "a:7").state.sessions[SessionId(0)].active == 0


def test_after_and_before() -> None:
    assert indices(made("-a", "-t", "a:0")) == {0: 0, 1: 2, 2: 1}
    assert indices(made("-b", "-t", "a:0")) == {0: 2, 1: 0, 2: 1}


def test_an_index_in_use_is_refused_or_replaced() -> None:
    with pytest.raises(Refused, match=r"^create window failed: index 1 in use$"):
        made("-t", "a:1")
    outcome = made("-k", "-d", "-t", "a:0")
    assert indices(outcome) == {0: 2, 1: 1}
    assert outcome.state.sessions[SessionId(0)].active == 0
    assert WindowId(0) not in outcome.state.windows


def test_the_only_window_can_be_replaced() -> None:
    outcome = made("-k", "-t", "b:0", on=state(session("b")))
    assert indices(outcome) == {0: 1}


def test_select_the_one_of_that_name_instead() -> None:
    outcome = made("-S", "-n", "one")
    assert outcome.effects == ()
    assert outcome.state.sessions[SessionId(0)].active == 1
    twins = state(session("a", window("q"), window("q")))
    with pytest.raises(Refused, match=r"^multiple windows named q$"):
        made("-S", "-n", "q", on=twins)


def test_its_size_is_that_of_the_viewers_else_of_the_session() -> None:
    live = FakeLive(attached=(viewer(columns=132, rows=50),))
    assert made(live=live).state.windows[WindowId(2)].layout == leaf(PaneId(2), 132, 49)
    plan = state(session("a", options={"default-size": "100x30"}))
    assert made(on=plan).state.windows[WindowId(1)].layout == leaf(PaneId(1), 100, 30)


def test_it_starts_where_the_requester_is_or_where_the_session_is() -> None:
    assert made(cwd=b"/tmp").state.panes[PaneId(2)].cwd == b"/tmp"
    assert made(cwd=b"/tmp", session=0).state.panes[PaneId(2)].cwd == b"/home/user"
    assert made("-c", "..", cwd=b"/tmp/x").state.panes[PaneId(2)].cwd == b"/tmp"
    named = made("-c", "/srv/#{session_name}").state.panes[PaneId(2)].cwd
    assert named == b"/srv/a"


def test_words_environment_and_name() -> None:
    outcome = made("-e", "A=1", "-e", "nothing", "-n", "w", "-P", "vim", "x")
    pane = outcome.state.panes[PaneId(2)]
    assert (pane.argv, pane.environment) == ((b"vim", b"x"), {b"A": b"1"})
    assert outcome.state.windows[WindowId(2)].name == "w"
    line = "#{session_name}:#{window_index}.#{pane_index}"
    assert outcome.decision.reply.lines == (Expand(line, SessionId(0), WindowId(2), PaneId(2)),)
