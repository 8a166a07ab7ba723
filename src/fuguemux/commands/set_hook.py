"""set-hook: set commands that run after an event. They are stored and set like an option."""

from fuguemux.commands.command import Command
from fuguemux.commands.set_option import decide
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind

COMMAND = Command(
    name="set-hook",
    alias="",
    flags="agpRt:uw",
    usage="[-agpRuw] [-t target-pane] hook [command]",
    arguments=(1, 2),
    target=TargetFlag("t", TargetKind.PANE, Absence.NOTHING),
    decide=decide,
    help="Set or unset a hook: the commands that run after an event.",
)
