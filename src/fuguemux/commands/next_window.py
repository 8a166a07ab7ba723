"""next-window: the window behind the current one becomes current."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.select_window import decide_next

COMMAND: Final = Command(
    name="next-window",
    alias="next",
    flags="at:",
    usage="[-a] [-t target-session]",
    arguments=(0, 0),
    decide=decide_next,
    help="Select the next window.",
)
