"""Words of the option `command-alias`, which stand for a command or for several."""

from fuguemux.language.command_table import CommandTable
from fuguemux.language.invocation import parse
from fuguemux.language.language import replace_alias
from fuguemux.model.state import ServerState
from fuguemux.options import options


def resolved(state: ServerState, argv: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The command or commands that `argv` means; itself unless it begins with an alias.

    Raises Refused: the text of the alias cannot be parsed.
    """
    return replace_alias(argv, options.get_array(state, "command-alias"))


def check_known(commands: CommandTable, state: ServerState, argv: tuple[str, ...]) -> None:
    """Raise Refused unless `argv` names commands that exist, with flags and arguments as they take them."""
    for command in resolved(state, argv):
        parse(commands.find(command[0]), command[1:])
