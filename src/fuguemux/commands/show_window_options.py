"""show-window-options: show-options -w under another name."""

from fuguemux.commands.command import Command
from fuguemux.commands.show_options import decide
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind

COMMAND = Command(
    name="show-window-options",
    alias="showw",
    flags="gvt:",
    usage="[-gv] [-t target-window] [option]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.WINDOW, Absence.NOTHING),
    decide=decide,
    help="Show options of a window.",
    read_only=True,
)
