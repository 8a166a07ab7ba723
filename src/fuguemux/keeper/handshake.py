"""Checks who may speak with the keeper, and in which role. Pure: a message in, an objection out.

The shape of `hello` and `refused` never changes, so that peers of different versions can tell each other that they
differ.
"""

from __future__ import annotations

from fuguemux.keeper.channel import Message
from fuguemux.keeper.protocol import (
    PROTOCOL_VERSION,
    ROLE_CONTROL,
    ROLE_SERVER,
    ROLE_STANDBY,
    flag,
    integer,
    text,
)

STORE_CHARACTERS_MAX = 256


class Objection(Exception):
    """A hello is refused: `reason` is a word for programs, the message a line for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def as_message(self) -> Message:
        """Return the message for the peer."""
        return {
            "type": "refused",
            "protocol": PROTOCOL_VERSION,
            "reason": self.reason,
            "message": str(self),
        }


def check(hello: Message, store: str, server_pid: int) -> tuple[str, str]:
    """Return role and store of a hello. Raises Objection, or ChannelBroke if it is not a hello.

    `store` is the state whose panes are held ("" before the first server), `server_pid` the connected server (or 0).
    """
    protocol = integer(hello, "protocol")
    if protocol != PROTOCOL_VERSION:
        raise Objection(
            "version", f"the keeper speaks protocol {PROTOCOL_VERSION}, the server {protocol}"
        )
    role = text(hello, "role", 64)
    if role in (ROLE_CONTROL, ROLE_STANDBY):
        return role, store
    if role != ROLE_SERVER:
        raise Objection("role", f"there is no role {role!r}")
    theirs = text(hello, "store", STORE_CHARACTERS_MAX)
    if store and theirs != store:
        raise Objection(
            "store", f"the keeper's panes belong to the state {store!r}, not to {theirs!r}"
        )
    if server_pid and not flag(hello, "takeover"):
        raise Objection("busy", f"process {server_pid} is the server already")
    return role, theirs
