"""The keeper's answer to our greeting, which comes in several messages: who it is, and every pane and descriptor it holds."""

from __future__ import annotations

import asyncio
import os

from fuguemux.keeper.protocol import (
    PROTOCOL_VERSION,
    ChannelBroke,
    Message,
    flag,
    integer,
    text,
)
from fuguemux.server.processes.keeper_values import HeldPane, KeeperRefused, held_pane


class KeeperWelcome:
    """Takes the messages of the handshake. Await `complete`; it raises KeeperRefused if the keeper refuses us."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.complete: asyncio.Future[None] = loop.create_future()
        self.keeper_pid = 0
        """The process id of the keeper."""
        self.held: list[HeldPane] = []
        """What the keeper holds. The masters belong to the caller once the handshake is complete."""
        self.descriptors: dict[str, int] = {}
        """The file descriptors that an earlier server stored, by name. They belong to the caller in the same way."""
        self._expected = 0

    def take(self, kind: str, message: Message, descriptors: list[int]) -> None:
        """Take one message, and those of its `descriptors` that are wanted. Raises ChannelBroke."""
        if kind == "refused":
            reason = KeeperRefused(text(message, "reason"), text(message, "message"))
            self.complete.set_exception(reason)
            return
        if kind == "welcome":
            if integer(message, "protocol") != PROTOCOL_VERSION:
                explanation = f"the keeper speaks protocol {message['protocol']}, the server {PROTOCOL_VERSION}"
                self.complete.set_exception(KeeperRefused("version", explanation))
                return
            self._begin(message, descriptors)
        elif kind == "report":
            self.held.append(held_pane(message, descriptors))
            if flag(message, "last") != (len(self.held) == self._expected):
                raise ChannelBroke(f"{len(self.held)} reports of {self._expected} panes")
        if len(self.held) == self._expected:
            self.complete.set_result(None)

    def _begin(self, message: Message, descriptors: list[int]) -> None:
        self.keeper_pid = integer(message, "keeper_pid")
        self._expected = integer(message, "panes")
        names = message.get("names")
        if not isinstance(names, list) or len(names) != len(descriptors):
            raise ChannelBroke("a welcome whose names and descriptors differ in number")
        self.descriptors = {str(name): descriptors.pop(0) for name in names}

    def fail(self, error: Exception) -> None:
        """End the handshake with `error`, unless it is over."""
        if not self.complete.done():
            self.complete.set_exception(error)

    def close(self) -> None:
        """Close all file descriptors that a failed handshake received."""
        if self.complete.done() and not self.complete.cancelled():
            self.complete.exception()  # marks the exception as retrieved: it was raised to the caller, or came too late for one
        for descriptor in (*(pane.master_fd for pane in self.held), *self.descriptors.values()):
            os.close(descriptor)
