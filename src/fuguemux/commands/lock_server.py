"""lock-server: lock all clients."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.locking import locked
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return locked(state, live, live.clients())


COMMAND: Final = Command(
    name="lock-server",
    alias="lock",
    flags="",
    usage="",
    arguments=(0, 0),
    decide=decide,
    help="Lock all clients.",
)
