"""clear-history: delete the lines that scrolled off a pane's screen, on disk too."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.events import HistoryCleared
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    target = invocation.target
    return Decision((HistoryCleared(target.pane.id),))


COMMAND: Final = Command(
    name="clear-history",
    alias="clearhist",
    flags="t:",
    usage="[-t target-pane]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Delete a pane's scrollback.",
)
