"""respawn-pane: start the process of a pane again. `-k` ends the one that still runs."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.respawning import is_active, respawned
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import StartProcess
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind
from fuguemux.targets.links import pane_index


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    target = invocation.target
    if is_active(target.pane) and not invocation.flags.has("k"):
        number = pane_index(state, live, target.window, target.pane.id)
        where = f"{target.session.name}:{target.link.index}.{number}"
        raise Refused(f"respawn pane failed: pane {where} still active")
    event = respawned(state, live, invocation, target, target.pane)
    return Decision((event,), (StartProcess(target.pane.id),))


COMMAND: Final = Command(
    name="respawn-pane",
    alias="respawnp",
    flags="c:e:kt:",
    usage="[-k] [-c start-directory] [-e environment] [-t target-pane] [shell-command]",
    arguments=(0, None),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Start a pane's program again.",
)
