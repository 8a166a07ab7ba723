"""clock-mode: show the time in a pane."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import EnterMode
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return Decision(effects=(EnterMode(invocation.target.pane.id, "clock-mode"),))


COMMAND: Final = Command(
    name="clock-mode",
    alias="",
    flags="t:",
    usage="[-t target-pane]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Show a clock in a pane.",
    read_only=True,
)
