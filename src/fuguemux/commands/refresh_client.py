"""refresh-client: draw a client's screen again."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import Refresh
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    client = invocation.client
    if any(map(invocation.flags.has, "ABC")):
        raise Refused("not a control client")
    return Decision(effects=(Refresh(client.id),))


COMMAND: Final = Command(
    name="refresh-client",
    alias="refresh",
    flags="A:B:cC:Df:F:lLRSt:U",
    usage="[-cDlLRSU] [-A pane:state] [-B name:what:format] [-C XxY] [-f flags] [-t target-client] [adjustment]",
    arguments=(0, 1),
    client=TargetFlag("t", TargetKind.CLIENT),
    decide=decide,
    help="Redraw a client's screen.",
    read_only=True,
)
