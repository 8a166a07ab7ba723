"""choose-client: show the attached clients in a pane, to detach one. Without clients it does nothing."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.mode_lists import shown
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    if not live.clients():
        return Decision()
    template = invocation.arguments[0] if invocation.arguments else ""
    return shown(invocation, "client-mode", template=template)


COMMAND: Final = Command(
    name="choose-client",
    alias="",
    flags="F:f:K:NO:rt:Z",
    usage="[-NrZ] [-F format] [-f filter] [-K key-format] [-O sort-order] [-t target-pane] [template]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Choose a client from a list.",
)
