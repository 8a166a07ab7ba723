"""Finding a row of the table from within a command: the table holds the commands, so it is looked at only when they run."""

from fuguemux.commands.command import Command
from fuguemux.language.invocation import parse
from fuguemux.language.language import replace_alias
from fuguemux.model.state import ServerState
from fuguemux.options import options


def rows() -> tuple[Command, ...]:
    """All commands."""
    from fuguemux.commands import table  # imports every command, also those that import this module

    return table.COMMANDS


def find(name: str) -> Command:
    """The command of that name, alias or unique prefix. Raises Refused."""
    from fuguemux.commands import table  # as above

    return table.find(name)


def resolved(state: ServerState, argv: tuple[str, ...]) -> list[tuple[str, ...]]:
    """`argv` after the option command-alias: the command or commands to run. Raises Refused: an alias is malformed."""
    return replace_alias(argv, options.get_array(state, "command-alias"))


def known(state: ServerState, argv: tuple[str, ...]) -> None:
    """Raises Refused unless `argv` names commands that exist, with flags and as many arguments as they take."""
    for command in resolved(state, argv):
        parse(find(command[0]), command[1:])
