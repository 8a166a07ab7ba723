"""Decides a command and applies its events as the engine does, for tests: from a state to a decision and the next
state."""

from typing import Any, NamedTuple

from fuguemux.commands.command import Command
from fuguemux.commands.table import TABLE
from fuguemux.model.decision import Decision
from fuguemux.model.effects import AnyEffect
from fuguemux.model.invariants import violations
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from tests.support import builders, followed
from tests.support.fake_live import FakeLive


class Outcome(NamedTuple):
    """What a command decided, and the state after it."""

    state: ServerState
    decision: Decision

    @property
    def effects(self) -> tuple[AnyEffect, ...]:
        return self.decision.effects


def folded(state: ServerState, decision: Decision) -> Outcome:
    """`decision` applied to `state`. Asserts that the next state is consistent."""
    after = followed.after(state, decision.events)
    assert list(violations(after)) == []
    return Outcome(after, decision)


def run(
    command: Command,
    state: ServerState,
    *words: str,
    live: LiveView | None = None,
    **requester: Any,
) -> Outcome:
    """The outcome of `command` with these flags and arguments in `state`. `requester`: arguments for
    `builders.request`."""
    asked = builders.request(command.name, *words, **requester)
    return folded(state, command.decision(state, live or FakeLive(), asked, TABLE))
