"""Decide a command and fold its events, as the engine does, for tests: state in, state and decision out."""

from functools import reduce
from typing import Any, NamedTuple

from fuguemux.commands.command import Command
from fuguemux.commands.table import TABLE
from fuguemux.model.apply import apply
from fuguemux.model.decision import Decision
from fuguemux.model.effects import AnyEffect
from fuguemux.model.invariants import violations
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from tests.support import builders
from tests.support.fake_live import FakeLive


class Outcome(NamedTuple):
    """What a command decided and what the state became by it."""

    state: ServerState
    decision: Decision

    @property
    def effects(self) -> tuple[AnyEffect, ...]:
        return self.decision.effects


def folded(state: ServerState, decision: Decision) -> Outcome:
    """`decision` applied to `state`; asserts that the state is sound afterwards."""
    after = reduce(apply, decision.events, state)
    assert list(violations(after)) == []
    return Outcome(after, decision)


def run(
    command: Command,
    state: ServerState,
    *words: str,
    live: LiveView | None = None,
    **requester: Any,
) -> Outcome:
    """`command` with these flags and arguments decided on `state`. `requester` says who asks, as `builders.request` does."""
    asked = builders.request(command.name, *words, **requester)
    return folded(state, command.decision(state, live or FakeLive(), asked, TABLE))
