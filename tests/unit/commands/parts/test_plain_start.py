"""What `fugue` without a command does, depending on which sessions the last start brought back."""

from fuguemux.commands.parts.plain_start import chosen
from fuguemux.model.ids import SessionId
from tests.support.builders import session, state
from tests.support.fake_live import FakeLive

TWO = state(session("a"), session("b"))


def back(*sessions: int) -> FakeLive:
    return FakeLive(back=tuple(map(SessionId, sessions)))


def test_a_new_session_if_nothing_came_back() -> None:
    assert chosen(TWO, back()) == [("new-session",)]


def test_the_only_session_that_came_back() -> None:
    assert chosen(TWO, back(1)) == [("attach-session", "-t", "$1")]


def test_the_one_used_last_and_the_list_to_pick_another() -> None:
    assert chosen(TWO, back(1, 0)) == [("attach-session", "-t", "$1"), ("choose-tree", "-t", "$1:")]


def test_a_session_that_is_gone_again_is_not_offered() -> None:
    assert chosen(TWO, back(7)) == [("new-session",)]
    assert chosen(TWO, back(7, 0)) == [("attach-session", "-t", "$0")]
