"""The handover from one server to another, and back if the new one fails. Only its state; it reads no clock and holds no
file descriptor.
"""

from __future__ import annotations

from fuguemux.keeper.channel import ChannelBroke, Message
from fuguemux.keeper.protocol import KEY_CHARACTERS_MAX, integer, text

SECONDS_MAX = 3600
PANES_NAMED_MAX = 5
"""How many of the panes that a new server lacks are named to people."""


class Handover:
    """From `give-way` to the moment when the new server serves, or fails and the old one goes on."""

    def __init__(self, pid: int, message: Message, now: float, *, child: bool) -> None:
        """`pid` is the old server, `child` whether the keeper is its parent. Raises ChannelBroke."""
        self.pid = pid
        self.child = child
        self.seconds = integer(message, "seconds", 1, SECONDS_MAX)
        self.deadline: float | None = now + self.seconds
        """When the new server is given up; None once it is."""
        self.refusal = ""
        """Why the new server was ended early. Empty if it was not."""
        self._panes = pane_keys(message) or frozenset()

    def lacking(self, ready: Message, running: set[str]) -> str:
        """Return what is wrong with a server that says it serves. Empty if nothing is.

        `running` are the panes whose processes are running. A server that does not name its panes is believed.
        """
        claimed = pane_keys(ready)
        if claimed is None:
            return ""
        missing = sorted((self._panes & running) - claimed)
        if not missing:
            return ""
        names = ", ".join(missing[:PANES_NAMED_MAX])
        more = "" if len(missing) <= PANES_NAMED_MAX else ", …"
        return (
            f"it serves without {len(missing)} of {len(self._panes & running)} panes: {names}{more}"
        )

    def give_up(self, reason: str) -> None:
        """The new server is ended for this reason. The first reason counts."""
        self.refusal = self.refusal or reason
        self.deadline = None

    def resume(self, status: str, words: str) -> Message:
        """Return the message for the old server when it is to serve again."""
        reason = self.refusal or words or f"it ended ({status}) and said nothing"
        return {"type": "resume", "reason": reason}


def retire(pid: int, ready: Message) -> Message:
    """Return the message for the old server when the new one, `pid`, serves."""
    version = ready.get("version")
    return {"type": "retire", "pid": pid, "version": version if type(version) is str else ""}


def pane_keys(message: Message) -> frozenset[str] | None:
    """Return the field `panes`, a list of keys; None if it is missing. Raises ChannelBroke."""
    values = message.get("panes")
    if values is None:
        return None
    if type(values) is not list:
        raise ChannelBroke("'panes' must be a list of keys")
    return frozenset(text({"key": value}, "key", KEY_CHARACTERS_MAX) for value in values)
