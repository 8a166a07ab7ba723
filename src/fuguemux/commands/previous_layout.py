"""previous-layout: arrange a window's panes in the previous of the named layouts."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.select_layout import decide_previous
from fuguemux.targets.declaration import TargetFlag, TargetKind

COMMAND: Final = Command(
    name="previous-layout",
    alias="prevl",
    flags="t:",
    usage="[-t target-window]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide_previous,
    help="Arrange a window's panes in the previous layout.",
)
