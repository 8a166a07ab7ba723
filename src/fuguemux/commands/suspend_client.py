"""suspend-client: stop a client as C-z stops a program; `fg` continues it."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import SuspendClient
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return Decision(effects=(SuspendClient(invocation.client.id),))


COMMAND: Final = Command(
    name="suspend-client",
    alias="suspendc",
    flags="t:",
    usage="[-t target-client]",
    arguments=(0, 0),
    client=TargetFlag("t", TargetKind.CLIENT),
    decide=decide,
    help="Stop a client as C-z stops a program; `fg` continues it.",
)
