"""The table of a connection's states."""

import pytest

from fuguemux.server.clients.connection_state import (
    TRANSITIONS,
    IllegalStep,
    after,
    is_open,
)
from fuguemux.server.clients.connection_state import ConnectionState as State
from fuguemux.server.clients.connection_state import ConnectionStep as Step

OPEN = (State.GREETING, State.ASKING, State.SERVING, State.ATTACHED)
LEGAL = {
    (State.GREETING, Step.GREETED): State.ASKING,
    (State.ASKING, Step.COMMANDED): State.SERVING,
    (State.SERVING, Step.ATTACHED): State.ATTACHED,
    **{(state, Step.LEFT): State.LEAVING for state in OPEN},
    **{(state, Step.BROKEN): State.LEAVING for state in (*OPEN, State.LEAVING)},
    **{(state, Step.CLOSED): State.CLOSED for state in (*OPEN, State.LEAVING)},
}


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", State)
def test_every_step_from_every_state(state: State, step: Step) -> None:
    if (state, step) in LEGAL:
        assert after(state, step) is LEGAL[state, step]
    else:
        with pytest.raises(IllegalStep) as mistake:
            after(state, step)
        assert str(mistake.value) == f"a connection that {state.value} cannot {step.value}"


def test_a_mistake_says_which() -> None:
    with pytest.raises(
        IllegalStep,
        match=r"^a connection that waits for the client's command cannot attach$",
    ):
        after(State.ASKING, Step.ATTACHED)


def test_every_state_is_reached_and_ends() -> None:
    reached = [State.GREETING]
    for state in reached:
        reached.extend(next_ for next_ in TRANSITIONS[state].values() if next_ not in reached)
    assert set(reached) == set(State) == set(TRANSITIONS)
    assert all(
        TRANSITIONS[state][Step.CLOSED] is State.CLOSED
        for state in State
        if state is not State.CLOSED
    )
    assert [state for state in State if is_open(state)] == list(OPEN)
