"""previous-window: the window before the current one becomes current."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.select_window import decide_previous

COMMAND: Final = Command(
    name="previous-window",
    alias="prev",
    flags="at:",
    usage="[-a] [-t target-session]",
    arguments=(0, 0),
    decide=decide_previous,
    help="Select the previous window.",
)
