"""All commands, in one table. Dispatch, help and completion read it; nothing registers itself by being imported."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.model.decision import Decision, Refused, Request
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

COMMANDS: Final[tuple[Command, ...]] = ()

_BY_ALIAS: Final = {command.alias: command for command in COMMANDS if command.alias}
_BY_NAME: Final = {command.name: command for command in COMMANDS}


def find(name: str) -> Command:
    """The command called `name`: by its alias, its name, or a prefix of its name that only it has. Raises Refused."""
    command = _BY_ALIAS.get(name) or _BY_NAME.get(name)
    if command is not None:
        return command
    found = sorted(known for known in _BY_NAME if known.startswith(name))
    if not found or not name:
        raise Refused(f"unknown command: {name}")
    if len(found) > 1:
        raise Refused(f"ambiguous command: {name}, could be: {', '.join(found)}")
    return _BY_NAME[found[0]]


def decide(state: ServerState, live: LiveView, request: Request) -> Decision:
    """Find the command that `request.argv` names, read its flags, and let it decide. Raises Refused."""
    command = find(request.argv[0])
    return command.decide(state, live, command.invocation(request))
