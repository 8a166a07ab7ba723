"""The commands rename-session and rename-window."""

import pytest

from fuguemux.commands import rename_session, rename_window
from fuguemux.model.decision import Refused
from fuguemux.model.ids import SessionId, WindowId
from tests.support.builders import session, state
from tests.support.folding import run

STATE = state(session("a"), session("b"))


def test_a_session() -> None:
    outcome = run(rename_session.COMMAND, STATE, "-t", "a", "q.w")
    assert outcome.state.sessions[SessionId(0)].name == "q_w"


def test_the_same_name_is_no_change() -> None:
    assert run(rename_session.COMMAND, STATE, "-t", "a", "a").decision.events == ()


@pytest.mark.parametrize(
    ("name", "message"), [("b", "duplicate session: b"), ("", "invalid session: ")]
)
def test_what_is_refused(name: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        run(rename_session.COMMAND, STATE, "-t", "a", name)
    assert str(refused.value) == message


@pytest.mark.parametrize("name", ["", "a:b", "lots of words"])
def test_a_window_keeps_any_name(name: str) -> None:
    window = run(rename_window.COMMAND, STATE, "-t", "a:0", name).state.windows[WindowId(0)]
    assert window.name == name
    assert window.options == {"automatic-rename": "off"}


def test_control_characters_become_visible() -> None:
    window = run(rename_window.COMMAND, STATE, "-t", "a:0", "x\x1by").state.windows[WindowId(0)]
    assert window.name == "x\\033y"
