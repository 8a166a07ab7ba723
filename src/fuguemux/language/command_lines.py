"""Command lines that a shell has taken apart into words: the commands in them. After tmux(1), PARSING.

A word `;`, or a word that ends in `;`, ends a command; `\\;` is a semicolon.
"""

from collections.abc import Iterable, Sequence

from fuguemux.language.quoting import CommandBlock


def parse(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The commands in a command line that a shell has taken apart already."""
    commands: list[tuple[str, ...]] = []
    command: list[str] = []
    for word in words:
        ends = False
        if word.endswith(";") and not isinstance(word, CommandBlock):
            word = word[:-1]
            if word.endswith("\\"):
                word = word[:-1] + ";"
            else:
                ends = True
        if word or not ends:
            command.append(word)
        if ends and command:
            commands.append(tuple(command))
            command = []
    if command:
        commands.append(tuple(command))
    return commands


def words(commands: Iterable[Sequence[str]]) -> list[str]:
    """The command line of which `parse` makes `commands`."""
    line: list[str] = []
    for command in commands:
        if line:
            line.append(";")
        line += [word[:-1] + "\\;" if word.endswith(";") else word for word in command]
    return line
