"""clear-prompt-history: forget what was answered at prompts."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.show_prompt_history import decide

COMMAND: Final = Command(
    name="clear-prompt-history",
    alias="clearphist",
    flags="T:",
    usage="[-T type]",
    arguments=(0, 0),
    decide=decide,
    help="Forget what was answered at prompts.",
)
