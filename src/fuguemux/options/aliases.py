"""The option `command-alias`: names that stand for one command or for several."""

from fuguemux.language.command_table import CommandTable
from fuguemux.language.invocation import parse
from fuguemux.language.language import replace_alias
from fuguemux.model.state import ServerState
from fuguemux.options import options


def resolved(state: ServerState, argv: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The commands that `argv` stands for. Without an alias at its beginning that is `argv` itself.

    Raises Refused: the text of the alias cannot be parsed.
    """
    return replace_alias(argv, aliases_of(state))


def aliases_of(state: ServerState) -> tuple[str, ...]:
    """The aliases, `name=command`, in their order."""
    return options.get_array(state, "command-alias")


def check_known(commands: CommandTable, state: ServerState, argv: tuple[str, ...]) -> None:
    """Raise Refused unless each command of `argv` exists and takes the given flags and arguments."""
    for command in resolved(state, argv):
        parse(commands.find(command[0]), command[1:])
