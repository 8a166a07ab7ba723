"""show-window-options: as show-options -w."""

from fuguemux.commands.command import Command
from fuguemux.commands.show_options import decide

COMMAND = Command(
    name="show-window-options",
    alias="showw",
    flags="gvt:",
    usage="[-gv] [-t target-window] [option]",
    arguments=(0, 1),
    decide=decide,
    help="Show options of a window.",
    read_only=True,
)
