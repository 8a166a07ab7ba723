"""next-window: make the next window current."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.select_window import decide_next
from fuguemux.targets.declaration import TargetFlag, TargetKind

COMMAND: Final = Command(
    name="next-window",
    alias="next",
    flags="at:",
    usage="[-a] [-t target-session]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.SESSION),
    decide=decide_next,
    help="Select the next window.",
)
