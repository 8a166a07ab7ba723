"""The row of one command: its name, its flags, how many arguments it takes, and the pure function that decides."""

from collections.abc import Callable

import msgspec

from fuguemux.language.command_table import CommandTable
from fuguemux.language.invocation import Invocation, invocation_of
from fuguemux.model.decision import Decision, Request
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

Decide = Callable[[ServerState, LiveView, Invocation], Decision]


class Command(msgspec.Struct, frozen=True):
    """A row of the table of commands."""

    name: str
    alias: str
    flags: str
    """Flag letters; a colon after a letter: it takes a value."""
    usage: str
    """What follows the name in the usage line, as in the man page."""
    arguments: tuple[int, int | None]
    """Fewest and most arguments; None: any number."""
    decide: Decide
    help: str
    """One sentence for the manual."""
    starts_server: bool = False
    """The client starts a server for this command when none runs."""
    read_only: bool = False
    """A read-only client may use it."""
    plain_words: bool = False
    """All its words are arguments, even those that look like flags: fugue's own commands have `--json`."""

    def invocation(self, request: Request, commands: CommandTable) -> Invocation:
        """`request.argv` parsed for this command. Raises Refused with tmux's words, and Usage for `-?`."""
        return invocation_of(self, request, commands)
