"""show-hooks: print the commands that run after events."""

from fuguemux.commands.command import Command
from fuguemux.commands.show_options import decide
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind

COMMAND = Command(
    name="show-hooks",
    alias="",
    flags="gpt:w",
    usage="[-gpw] [-t target-pane]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.PANE, Absence.NOTHING),
    decide=decide,
    help="Show hooks: the commands that run after an event.",
    read_only=True,
)
