"""pipe-pane: send a pane's output to a shell command as well, or with `-I` type a shell command's output into the
pane."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import PipePane
from fuguemux.model.events import PipeChanged
from fuguemux.model.live import LiveView
from fuguemux.model.state import Pipe, ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    pane = target.pane.id
    given = invocation.arguments[0] if invocation.arguments else ""
    if not given or (flags.has("o") and target.pane.pipe is not None):
        ended = () if target.pane.pipe is None else (PipeChanged(pane, None),)
        return Decision(ended, effects=(PipePane(pane, None),))
    command = settings.expanded(state, live, invocation, given, target, time=True)
    into = flags.has("I")
    pipe = Pipe(command, live.now_ms(), out=flags.has("O") or not into, into=into)
    return Decision((PipeChanged(pane, pipe),), effects=(PipePane(pane, pipe),))


COMMAND: Final = Command(
    name="pipe-pane",
    alias="pipep",
    flags="IOot:",
    usage="[-IOo] [-t target-pane] [shell-command]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Send a pane's output to a shell command.",
)
