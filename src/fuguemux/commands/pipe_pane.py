"""pipe-pane: what a pane's program prints goes to a shell command too; or what a command prints goes to the program."""

from typing import Final

from fuguemux.commands import settings
from fuguemux.commands.command import Command, Invocation
from fuguemux.commands.targets import pane_target
from fuguemux.model.decision import Decision
from fuguemux.model.effects import PipePane
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = pane_target(state, live, invocation, invocation.target)
    pane = target.pane.id
    given = invocation.arguments[0] if invocation.arguments else ""
    if not given or (flags.has("o") and live.pane(pane).piped):
        return Decision(effects=(PipePane(pane, ""),))
    command = settings.expanded(state, live, invocation, given, target)
    into = flags.has("I")
    effect = PipePane(
        pane, command, out=flags.has("O") or not into, into=into, toggle=flags.has("o")
    )
    return Decision(effects=(effect,))


COMMAND: Final = Command(
    name="pipe-pane",
    alias="pipep",
    flags="IOot:",
    usage="[-IOo] [-t target-pane] [shell-command]",
    arguments=(0, 1),
    decide=decide,
    help="Copy a pane's output to a shell command.",
)
