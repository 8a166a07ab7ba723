"""last-window: make the previously current window current again."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.select_window import decide_last
from fuguemux.targets.declaration import TargetFlag, TargetKind

COMMAND: Final = Command(
    name="last-window",
    alias="last",
    flags="t:",
    usage="[-t target-session]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.SESSION),
    decide=decide_last,
    help="Select the window that was current before.",
)
