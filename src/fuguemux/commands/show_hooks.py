"""show-hooks: the commands that run when something happens."""

from fuguemux.commands.command import Command
from fuguemux.commands.show_options import decide

COMMAND = Command(
    name="show-hooks",
    alias="",
    flags="gpt:w",
    usage="[-gpw] [-t target-pane]",
    arguments=(0, 1),
    decide=decide,
    help="Show hooks: the commands that run after an event.",
    read_only=True,
)
