"""The table of commands as the rooms below it see it.

The table itself imports every command. A module that a command imports must not import the table, so a module that needs a
look-up is handed one: commands find it in their invocation.
"""

from typing import Protocol


class CommandRow(Protocol):
    """What a command is called, and how its words are read."""

    @property
    def name(self) -> str: ...

    @property
    def alias(self) -> str:
        """A second, short name; empty: there is none."""
        ...

    @property
    def flags(self) -> str:
        """Flag letters; a colon after a letter says that the flag takes a value."""
        ...

    @property
    def usage(self) -> str:
        """What follows the name in the usage line."""
        ...

    @property
    def arguments(self) -> tuple[int, int | None]:
        """The fewest and the most arguments; None: any number."""
        ...

    @property
    def plain_words(self) -> bool:
        """Every word is an argument, even one that looks like a flag."""
        ...


class CommandTable(Protocol):
    """Every command there is, and the aliases of the moment. It never changes."""

    def __hash__(self) -> int:
        """By identity, so that what follows from a table can be kept."""
        ...

    @property
    def aliases(self) -> tuple[str, ...]:
        """The values of the option command-alias, `name=command`. They replace the first word of a command."""
        ...

    def rows(self) -> tuple[CommandRow, ...]:
        """All commands, in the order in which they are listed."""
        ...

    def find(self, name: str) -> CommandRow:
        """The command of that name, alias or unique prefix. Raises Refused."""
        ...
