"""The states of a client's connection, and every legal step from one state to another, in one table.

A step that the table does not contain is a mistake of this program. Nothing that a client sends can cause it.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final


class ConnectionState(Enum):
    """The state of a connection."""

    GREETING = "waits for the client's greeting"
    ASKING = "waits for the client's command"
    SERVING = "carries out the command"
    ATTACHED = "is attached"
    LEAVING = "ends when everything is sent"
    CLOSED = "is closed"


class ConnectionStep(Enum):
    """An event in the life of a connection."""

    GREETED = "take a greeting"
    COMMANDED = "take a command"
    ATTACHED = "attach"
    LEFT = "send the last message"
    BROKEN = "end without a message"
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
    """The connection is in a state that does not allow this step, which is a mistake of the caller. The message names
    both."""


def after(state: ConnectionState, step: ConnectionStep) -> ConnectionState:
    """The state after `step`. Raises IllegalStep if `state` does not allow the step."""
    try:
        return TRANSITIONS[state][step]
    except KeyError:
        raise IllegalStep(f"a connection that {state.value} cannot {step.value}") from None


def is_open(state: ConnectionState) -> bool:
    """Whether what is sent in this state may still arrive."""
    return ConnectionStep.LEFT in TRANSITIONS[state]
