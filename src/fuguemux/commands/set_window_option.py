"""set-window-option: set-option -w under another name."""

from fuguemux.commands.command import Command
from fuguemux.commands.set_option import decide
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind

COMMAND = Command(
    name="set-window-option",
    alias="setw",
    flags="aFgoqt:u",
    usage="[-aFgoqu] [-t target-window] option [value]",
    arguments=(1, 2),
    target=TargetFlag("t", TargetKind.WINDOW, Absence.NOTHING),
    decide=decide,
    help="Set or unset an option of a window.",
)
