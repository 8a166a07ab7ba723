"""One command as a person asked for it: its flags and arguments, taken apart by the grammar of its row.

Flags are read as tmux 3.3a reads them. Letters may be joined (`-dP`). A value follows its letter directly or is the
next word. `--` ends the flags, and so does the first word that is no flag.
"""

import re
from typing import Final

import msgspec

from fuguemux.language.command_table import CommandRow, CommandTable
from fuguemux.language.target import NOTHING_RESOLVED, Resolved, Target
from fuguemux.model.decision import Refused, Request
from fuguemux.model.live import ClientFacts

_NUMBER: Final = re.compile(r"-?[0-9]{1,9}")


class Usage(Refused):
    """`-?` was given: the message is the command's usage line."""


GivenFlags = tuple[tuple[str, str | None], ...]
"""Flags in the order in which they were given; a flag without a value has None."""


class Flags(msgspec.Struct, frozen=True):
    """The flags of one command, with the questions that commands ask about them."""

    given: GivenFlags = ()

    def has(self, letter: str) -> bool:
        """Whether the flag was given at least once."""
        return any(name == letter for name, _ in self.given)

    def count(self, letter: str) -> int:
        """How often the flag was given."""
        return sum(name == letter for name, _ in self.given)

    def value(self, letter: str) -> str | None:
        """The value given last, or None."""
        found = None
        for name, value in self.given:
            if name == letter and value is not None:
                found = value
        return found

    def values(self, letter: str) -> tuple[str, ...]:
        """All values given for the flag, in order."""
        return tuple(value for name, value in self.given if name == letter and value is not None)


class Invocation(msgspec.Struct, frozen=True):
    """One command as asked: its flags and arguments told apart, and what its targets name. `name` is the full name.

    Which targets there are is declared in the command's row. It is a defect to ask for one that the row does not declare.
    """

    flags: Flags
    arguments: tuple[str, ...]
    request: Request
    name: str
    commands: CommandTable
    """All commands, for those that look at others."""
    resolved: Resolved = NOTHING_RESOLVED

    @property
    def target(self) -> Target:
        """What the row's target names; by its declaration it is never absent."""
        found = self.resolved.target
        assert found is not None, f"{self.name} declares no target, or one that may be absent"
        return found

    @property
    def optional_target(self) -> Target | None:
        """What the row's target names, or None: by its declaration it may be absent."""
        return self.resolved.target

    @property
    def source(self) -> Target:
        """What the row's source names, `-s`."""
        found = self.resolved.source
        assert found is not None, f"{self.name} declares no source, or it was not given"
        return found

    @property
    def client(self) -> ClientFacts:
        """The client that the row's flag names, else the one that asks, else the one used last."""
        found = self.resolved.client
        assert found is not None, f"{self.name} declares no client"
        return found

    @property
    def window_index(self) -> int | None:
        """The index that a target of kind WINDOW_INDEX asks for, free or taken; None: the next free one."""
        return self.resolved.window_index


def invocation_of(row: CommandRow, request: Request, commands: CommandTable) -> Invocation:
    """`request` with its words taken apart and no targets. Raises Refused with tmux's words, and Usage for `-?`."""
    flags, arguments = parse(row, request.argv[1:])
    return Invocation(Flags(flags), arguments, request, row.name, commands)


def parse(row: CommandRow, words: tuple[str, ...]) -> tuple[GivenFlags, tuple[str, ...]]:
    """The flags and the arguments in `words`, which do not include the command's name.

    Raises Refused: an unknown flag, a missing value, too few or too many arguments. Raises Usage for `-?`.
    """
    flags, arguments = parse_flags(row, words)
    fewest, most = row.arguments
    if len(arguments) < fewest:
        raise Refused(f"command {row.name}: too few arguments (need at least {fewest})")
    if most is not None and len(arguments) > most:
        raise Refused(f"command {row.name}: too many arguments (need at most {most})")
    return flags, arguments


def parse_flags(row: CommandRow, words: tuple[str, ...]) -> tuple[GivenFlags, tuple[str, ...]]:
    """As `parse`, with any number of arguments."""
    if row.plain_words:
        return (), words
    given: list[tuple[str, str | None]] = []
    reader = _Words(words)
    while (letters := reader.next_flags()) is not None:
        while letters:
            letter, letters = letters[0], letters[1:]
            if not _takes_value(row, letter):
                given.append((letter, None))
                continue
            if _may_take_value(row, letter):
                given.append((letter, letters or reader.number()))
                break
            value = letters or reader.value()
            if value is None:
                raise Refused(f"command {row.name}: -{letter} expects an argument")
            given.append((letter, value))
            break
    return tuple(given), reader.rest()


def _takes_value(row: CommandRow, letter: str) -> bool:
    if letter == "?":
        raise Usage(f"usage: {row.name} {row.usage}")
    if not (letter.isascii() and letter.isalnum()):
        raise Refused(f"command {row.name}: invalid flag -{letter}")
    at = row.flags.find(letter)
    if at < 0:
        raise Refused(f"command {row.name}: unknown flag -{letter}")
    return row.flags[at + 1 : at + 2] == ":"


def _may_take_value(row: CommandRow, letter: str) -> bool:
    """Whether the flag's value may be left out. It follows the letter directly, or is the next word if that is a number."""
    return row.flags[row.flags.find(letter) + 1 :].startswith("::")


class _Words:
    """The words of a command, read from the front."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words
        self.at = 0

    def next_flags(self) -> str | None:
        """The letters of the next word if it holds flags, else None."""
        if self.at == len(self.words):
            return None
        word = self.words[self.at]
        if len(word) < 2 or word[0] != "-" or getattr(word, "is_block", False):
            return None
        self.at += 1
        return None if word == "--" else word[1:]

    def value(self) -> str | None:
        """The next word, whatever it looks like; None at the end."""
        if self.at == len(self.words):
            return None
        self.at += 1
        return self.words[self.at - 1]

    def number(self) -> str | None:
        """The next word if it is a number; else None."""
        if self.at == len(self.words) or _NUMBER.fullmatch(self.words[self.at]) is None:
            return None
        return self.value()

    def rest(self) -> tuple[str, ...]:
        """All words that are left."""
        return self.words[self.at :]
