"""customize-mode: show options and keys in a pane, to set and unset them."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.mode_lists import shown
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return shown(invocation, "options-mode")


COMMAND: Final = Command(
    name="customize-mode",
    alias="",
    flags="F:f:Nt:Z",
    usage="[-NZ] [-F format] [-f filter] [-t target-pane]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Browse options and keys, and change them.",
)
