"""next-layout: arrange a window's panes in the next of the named layouts."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.select_layout import decide_next
from fuguemux.targets.declaration import TargetFlag, TargetKind

COMMAND: Final = Command(
    name="next-layout",
    alias="nextl",
    flags="t:",
    usage="[-t target-window]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide_next,
    help="Arrange a window's panes in the next layout.",
)
