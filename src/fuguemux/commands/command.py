"""The row of one command: its name, its flags and arguments, its targets, and the pure function that decides."""

from collections.abc import Callable

import msgspec

from fuguemux.language.command_table import CommandTable
from fuguemux.language.invocation import Flags, Invocation, invocation_of, parse
from fuguemux.language.target import NOTHING_RESOLVED
from fuguemux.model.decision import Decision, Request
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag
from fuguemux.targets.resolver import resolved

Decide = Callable[[ServerState, LiveView, Invocation], Decision]


class Command(msgspec.Struct, frozen=True):
    """A row of the table of commands."""

    name: str
    alias: str
    flags: str
    """Flag letters. A letter that is followed by a colon takes a value."""
    usage: str
    """The usage line without the command's name, as in the man page."""
    arguments: tuple[int, int | None]
    """The smallest and the largest number of arguments. None: no maximum."""
    decide: Decide
    help: str
    """One sentence for the manual."""
    starts_server: bool = False
    """Whether the client starts a server for this command if none runs."""
    read_only: bool = False
    """Whether a read-only client may use it."""
    plain_words: bool = False
    """Whether all words are arguments, even those that look like flags. It is set for fugue's own commands that take
    `--json`."""
    target: TargetFlag | None = None
    """What the command acts on, usually `-t`. `decide` gets it as `invocation.target`."""
    source: TargetFlag | None = None
    """What the command moves or links, usually `-s`. `decide` gets it as `invocation.source`."""
    client: TargetFlag | None = None
    """The client that the command acts on. `decide` gets it as `invocation.client`."""

    def decision(
        self, state: ServerState, live: LiveView, request: Request, commands: CommandTable
    ) -> Decision:
        """The decision about `request`. Parses its words and looks up its targets, then calls `decide`.

        Raises Refused, with tmux's words for a target that names nothing, and Usage for `-?`.
        """
        given, arguments = parse(self, request.argv[1:])
        flags = Flags(given)
        found = NOTHING_RESOLVED
        if self.target is not None or self.source is not None or self.client is not None:
            found = resolved(state, live, request, flags, self.client, self.source, self.target)
        named = {**request.variables, "command": self.name}
        request = msgspec.structs.replace(request, variables=named)
        invocation = Invocation(flags, arguments, request, self.name, commands, found)
        return self.decide(state, live, invocation)

    def invocation(self, request: Request, commands: CommandTable) -> Invocation:
        """Parse `request.argv`, without looking up targets. Raises Refused with tmux's words, and Usage for `-?`."""
        return invocation_of(self, request, commands)
