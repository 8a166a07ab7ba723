"""A spawn that is taken back before it is carried out: the keeper may have been stopped while both messages came in.

Then they lie in the socket one behind the other, and are read at once. Pure: messages in, messages out.
"""

from __future__ import annotations

from collections.abc import Sequence

from fuguemux.keeper.channel import Message

Received = tuple[Message, list[int]]

WITHDRAW = "withdraw"
"""`request` is the id of a spawn that its sender no longer wants. One that is carried out already is not touched."""
WITHDRAWN = "withdrawn-spawn"
"""What a spawn becomes that a later message has taken back."""


def settled(received: Sequence[Received]) -> Sequence[Received]:
    """Return messages that came together, with each spawn that a later one of them takes back turned into WITHDRAWN."""
    gone = {message.get("request") for message, _ in received if message.get("type") == WITHDRAW}
    if not gone:
        return received
    for message, _ in received:
        if message.get("type") == "spawn" and message.get("id") in gone:
            message["type"] = WITHDRAWN
    return received
