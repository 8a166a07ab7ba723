"""The canonical text of commands: full names, flags in order, and quotes where they are needed. After tmux 3.3a.

Keys and hooks keep their commands in this form. Aliases are replaced, so that a later change of one has no effect.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from fuguemux.language import language
from fuguemux.language.command_table import CommandRow, CommandTable
from fuguemux.language.invocation import parse_flags
from fuguemux.language.quoting import CommandBlock, render_all
from fuguemux.model.decision import Refused
from fuguemux.model.limits import OPTION_VALUE_BYTES_MAX

COMMANDS_CHARS_MAX: Final = 4 * OPTION_VALUE_BYTES_MAX
"""The most text of one key or hook that is parsed, which takes some 50 ms. The text of a block counts once more for
each block around it."""


def canonical(command: CommandRow, argv: Sequence[str]) -> tuple[str, ...]:
    """`argv` with the full name of its command, then its flags without values joined, the others, and its arguments.

    Flags are sorted by letter. Raises Refused as the command would.
    """
    flags, arguments = parse_flags(command, tuple(argv[1:]))
    letters = sorted(name for name, value in flags if value is None)
    words = [command.name]
    if letters:
        words.append("-" + "".join(letters))
    for name, value in sorted(
        ((name, value) for name, value in flags if value is not None), key=lambda flag: flag[0]
    ):
        words += [f"-{name}", value]
    if arguments and len(arguments[0]) > 1 and arguments[0].startswith("-"):
        words.append("--")
    return (*words, *arguments)


def canonical_commands(commands: CommandTable, text: str) -> str:
    """The canonical text of the commands in `text`. Raises Refused: what is wrong with it."""
    return _of_text(commands, text, _Budget())


def canonical_sequence(commands: CommandTable, sequence: Iterable[Sequence[str]]) -> str:
    """The canonical text of commands that are words already. Raises Refused: what is wrong with them."""
    return _of_sequence(commands, sequence, _Budget())


class _Budget:
    """How much text may still be parsed."""

    def __init__(self) -> None:
        self.chars = COMMANDS_CHARS_MAX

    def spend(self, chars: int) -> None:
        self.chars -= chars
        if self.chars < 0:
            raise Refused("commands are too long, or too much of them is in nested blocks")


def _of_text(commands: CommandTable, text: str, budget: _Budget) -> str:
    budget.spend(len(text))
    parsed, nested = language.parse_counted(text, nested_chars_max=budget.chars)
    budget.spend(nested)
    return _of_sequence(commands, [command.argv for command in parsed], budget)


def _of_sequence(commands: CommandTable, sequence: Iterable[Sequence[str]], budget: _Budget) -> str:
    shown = []
    for argv in sequence:
        words = [
            CommandBlock(_of_text(commands, word, budget))
            if isinstance(word, CommandBlock)
            else word
            for word in argv
        ]
        meant = language.replace_alias(words, commands.aliases)
        shown += [canonical(commands.find(one[0]), one) for one in meant]
    return render_all(shown)
