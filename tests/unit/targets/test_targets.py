"""The functions for targets that commands call directly, without a declaration in their row."""

import pytest

from fuguemux.model.decision import Refused
from fuguemux.model.ids import ClientId, SessionId
from fuguemux.model.live import ClientFacts
from fuguemux.model.state import ServerState
from fuguemux.targets.finder import Finder
from fuguemux.targets.targets import (
    client_target,
    current_target,
    find,
    find_window_index,
    nearest,
    pane_target,
    session_target,
)
from tests.support.builders import request, session, state, window
from tests.support.fake_live import FakeLive

STATE = state(
    session("work", window("edit", panes=3, active=1), window("logs")),
    session("play", window("game", panes=2)),
)
"""Panes: %0 to %2 in @0, %3 in @1, %4 and %5 in @2."""
VIEWER = ClientFacts(ClientId(4), "/dev/pts/4", 9, "/dev/pts/4", 80, 24, SessionId(1), 1, 1, used=2)
LIVE = FakeLive(attached=(VIEWER,), attached_s={SessionId(1): 1_800_000_000})
NOBODY = request("any", client=99)
INSIDE = request("any", client=99, session=0, pane=0)


def test_without_a_text_the_session_used_last_is_meant_or_one_that_nobody_looks_at() -> None:
    assert session_target(STATE, LIVE, NOBODY, None).name == "play"
    assert session_target(STATE, LIVE, NOBODY, "").name == "play"
    assert session_target(STATE, LIVE, NOBODY, None, prefer_unattached=True).name == "work"
    assert session_target(STATE, LIVE, NOBODY, "pl", prefer_unattached=True).name == "play"


def test_the_current_target_is_the_requesters_pane() -> None:
    current = current_target(STATE, LIVE, INSIDE)
    assert current is not None
    assert (current.session.name, current.link.index, current.pane.id) == ("work", 0, 0)
    assert pane_target(STATE, LIVE, INSIDE, None) == current
    assert current_target(ServerState(), FakeLive(), INSIDE) is None


def test_a_pane_is_found_by_its_parts_and_refused_with_the_words_of_tmux() -> None:
    assert pane_target(STATE, LIVE, INSIDE, "play:game.1").pane.id == 5
    with pytest.raises(Refused, match=r"^can't find pane: 7$"):
        pane_target(STATE, LIVE, INSIDE, "play:game.7")
    with pytest.raises(Refused, match=r"^can't find session: nobody$"):
        session_target(STATE, LIVE, INSIDE, "nobody")


def test_a_text_without_separators_names_the_kind_that_is_asked_for() -> None:
    finder = Finder(STATE, LIVE, INSIDE)
    assert find(finder, "1", "pane").pane.id == 1
    assert find(finder, "1", "window").window.id == 1
    with pytest.raises(Refused, match=r"^can't find session: 1$"):
        find(finder, "1", "session")


def test_a_window_index_may_be_free_and_the_nearest_target_incomplete() -> None:
    finder = Finder(STATE, LIVE, INSIDE)
    assert find_window_index(finder, "play:5") == (STATE.sessions[SessionId(1)], 5)
    assert find_window_index(finder, "play") == (STATE.sessions[SessionId(1)], None)
    found = nearest(finder, "play:5.5")
    assert found is not None
    assert found.window.id == 2
    assert nearest(finder, "nobody:") is None


def test_a_client_is_found_by_its_name_or_as_the_one_used_last() -> None:
    assert client_target(LIVE, NOBODY, "pts/4:") == VIEWER
    assert client_target(LIVE, NOBODY, None) == VIEWER
    with pytest.raises(Refused, match=r"^can't find client: pts/5$"):
        client_target(LIVE, NOBODY, "pts/5")
