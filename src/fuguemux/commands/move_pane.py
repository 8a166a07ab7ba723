"""move-pane: another name for join-pane."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.join_pane import decide
from fuguemux.targets.declaration import TargetFlag, TargetKind

COMMAND: Final = Command(
    name="move-pane",
    alias="movep",
    flags="bdfhvp:l:s:t:",
    usage="[-bdfhv] [-l size] [-s src-pane] [-t dst-pane]",
    arguments=(0, 0),
    source=TargetFlag("s", TargetKind.PANE, default_marked=True),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Split a pane and move another pane into the new space.",
)
