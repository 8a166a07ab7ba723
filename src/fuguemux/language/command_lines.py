"""Command lines that a shell has already split into words, as in `fugue new-window \\; split-window`. After tmux(1), PARSING.

A word `;` or a word that ends in `;` ends a command. A word that ends in `\\;` has a semicolon at its end.
"""

from collections.abc import Iterable, Sequence

from fuguemux.language.quoting import CommandBlock


def parse(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The commands in a command line that is split into words already."""
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
    """The words of a command line from which `parse` gives `commands` again."""
    line: list[str] = []
    for command in commands:
        if line:
            line.append(";")
        line += [word[:-1] + "\\;" if word.endswith(";") else word for word in command]
    return line
