"""Finds spawns that are taken back before they are carried out: the keeper may have been stopped while both messages
arrived.

Then both messages are in the socket, and are read at once. Pure: messages in, messages out.
"""

from __future__ import annotations

from collections.abc import Sequence

from fuguemux.keeper.channel import Message

Received = tuple[Message, list[int]]

WITHDRAW = "withdraw"
"""`request` is the id of a spawn that its sender does not want any more. A spawn that was carried out already is not
touched.
"""
WITHDRAWN = "withdrawn-spawn"
"""The kind that a spawn gets if a later message has taken it back."""


def settled(received: Sequence[Received]) -> Sequence[Received]:
    """Return messages that were read together. A spawn that a later one takes back is turned into WITHDRAWN."""
    gone = {message.get("request") for message, _ in received if message.get("type") == WITHDRAW}
    if not gone:
        return received
    for message, _ in received:
        if message.get("type") == "spawn" and message.get("id") in gone:
            message["type"] = WITHDRAWN
    return received
