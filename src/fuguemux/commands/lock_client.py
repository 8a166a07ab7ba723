"""lock-client: lock a client: run lock-command on its terminal."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.locking import locked
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return locked(state, live, (invocation.client,))


COMMAND: Final = Command(
    name="lock-client",
    alias="lockc",
    flags="t:",
    usage="[-t target-client]",
    arguments=(0, 0),
    client=TargetFlag("t", TargetKind.CLIENT),
    decide=decide,
    help="Lock a client: run lock-command on its terminal.",
)
