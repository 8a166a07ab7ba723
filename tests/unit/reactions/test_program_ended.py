"""The end of a program with the machine is logged if its output can still be seen."""

import msgspec
import pytest

from fuguemux.model.apply import apply
from fuguemux.model.events import ProgramEnded
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Life, ServerState
from fuguemux.reactions import program_ended
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive

STATE = state(session("work", window("a"), window("b", panes=2)))
PANE = PaneId(2)


def decided(known: ServerState, pane: PaneId = PANE) -> tuple[object, ...]:
    found = program_ended.decide(
        known, FakeLive(), pane, program="vim", recovery_ms=20, ended_ms=10
    )
    return found.events


def test_where_it_was_and_what_it_was() -> None:
    (event,) = decided(STATE)
    assert event == ProgramEnded(PANE, 1, 20, 10, "vim", "work:1")
    assert apply(STATE, event) is STATE


@pytest.mark.parametrize("life", [Life.DEAD, Life.SUSPENDED, Life.STARTING])
def test_of_a_pane_that_shows_something_else_by_now_nothing_is_noted(life: Life) -> None:
    pane = msgspec.structs.replace(STATE.panes[PANE], life=life)
    assert decided(msgspec.structs.replace(STATE, panes={**STATE.panes, PANE: pane})) == ()


def test_of_a_pane_that_is_gone_nothing_is_noted() -> None:
    assert decided(STATE, PaneId(9)) == ()
