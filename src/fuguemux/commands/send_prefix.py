"""send-prefix: send the prefix key itself to a pane."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import SendPrefixKey
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    target = invocation.target
    return Decision(effects=(SendPrefixKey(target.pane.id, invocation.flags.has("2")),))


COMMAND: Final = Command(
    name="send-prefix",
    alias="",
    flags="2t:",
    usage="[-2] [-t target-pane]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Send the prefix key to a pane.",
)
