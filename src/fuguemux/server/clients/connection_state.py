"""The states of a client's connection, and every legal step from one state to another, in one table.

A step that the table does not have is a mistake of this program, whatever the client sends.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final


class ConnectionState(Enum):
    """What a connection does."""

    GREETING = "waits for the client's greeting"
    ASKING = "waits for the client's command"
    SERVING = "carries out the command"
    ATTACHED = "has the client's terminal"
    LEAVING = "ends once everything is sent"
    CLOSED = "is closed"


class ConnectionStep(Enum):
    """What happens to a connection."""

    GREETED = "take a greeting"
    COMMANDED = "take a command"
    ATTACHED = "take the terminal over"
    LEFT = "say the last word"
    BROKEN = "end without a word"
    CLOSED = "be closed"


_ENDS: Final[Mapping[ConnectionStep, ConnectionState]] = {
    ConnectionStep.LEFT: ConnectionState.LEAVING,
    ConnectionStep.BROKEN: ConnectionState.LEAVING,
    ConnectionStep.CLOSED: ConnectionState.CLOSED,
}
TRANSITIONS: Final[Mapping[ConnectionState, Mapping[ConnectionStep, ConnectionState]]] = {
    ConnectionState.GREETING: {ConnectionStep.GREETED: ConnectionState.ASKING, **_ENDS},
    ConnectionState.ASKING: {ConnectionStep.COMMANDED: ConnectionState.SERVING, **_ENDS},
    ConnectionState.SERVING: {ConnectionStep.ATTACHED: ConnectionState.ATTACHED, **_ENDS},
    ConnectionState.ATTACHED: {**_ENDS},
    ConnectionState.LEAVING: {
        ConnectionStep.BROKEN: ConnectionState.LEAVING,
        ConnectionStep.CLOSED: ConnectionState.CLOSED,
    },
    ConnectionState.CLOSED: {},
}


class IllegalStep(Exception):
    """The connection cannot do this in its state: a mistake of the caller. The message names both."""


def after(state: ConnectionState, step: ConnectionStep) -> ConnectionState:
    """The state after `step`. Raises IllegalStep if `state` does not allow it."""
    try:
        return TRANSITIONS[state][step]
    except KeyError:
        raise IllegalStep(f"a connection that {state.value} cannot {step.value}") from None


def is_open(state: ConnectionState) -> bool:
    """Whether what is sent in this state may still arrive."""
    return ConnectionStep.LEFT in TRANSITIONS[state]
