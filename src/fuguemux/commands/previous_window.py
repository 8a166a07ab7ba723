"""previous-window: make the previous window current."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.select_window import decide_previous
from fuguemux.targets.declaration import TargetFlag, TargetKind

COMMAND: Final = Command(
    name="previous-window",
    alias="prev",
    flags="at:",
    usage="[-a] [-t target-session]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.SESSION),
    decide=decide_previous,
    help="Select the previous window.",
)
