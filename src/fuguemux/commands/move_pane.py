"""move-pane: join-pane by another name."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.join_pane import decide

COMMAND: Final = Command(
    name="move-pane",
    alias="movep",
    flags="bdfhvp:l:s:t:",
    usage="[-bdfhv] [-l size] [-s src-pane] [-t dst-pane]",
    arguments=(0, 0),
    decide=decide,
    help="Split a pane and move another pane into the new space.",
)
