"""if-shell: run commands if a shell command succeeds, or with `-F` if a format is true."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings, spawning
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import IfShell, RunCommands
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, request = invocation.flags, invocation.request
    target = invocation.optional_target
    condition = settings.expanded(state, live, invocation, invocation.arguments[0], target)
    then = invocation.arguments[1]
    otherwise = invocation.arguments[2] if len(invocation.arguments) > 2 else ""
    if flags.has("F"):
        chosen = then if condition not in ("", "0") else otherwise
        return Decision(effects=(RunCommands(chosen),) if chosen else ())
    effect = IfShell(
        condition,
        then,
        otherwise,
        flags.has("b"),
        spawning.client_directory(invocation, target.session if target else None),
        request.client,
        target.pane.id if target else None,
    )
    return Decision(effects=(effect,))


COMMAND: Final = Command(
    name="if-shell",
    alias="if",
    flags="bFt:",
    usage="[-bF] [-t target-pane] shell-command command [command]",
    arguments=(2, 3),
    target=TargetFlag("t", TargetKind.PANE, Absence.NO_CURRENT),
    decide=decide,
    help="Run commands if a shell command succeeds.",
)
