"""The row of one command: its name, its flags, how many arguments it takes, and the pure function that decides.

Flags are read as tmux 3.3a reads them: letters may be joined (`-dP`), a value may follow its letter directly or as
the next word, `--` ends the flags, and the first word that is no flag ends them too.
"""

from collections.abc import Callable

import msgspec

from fuguemux.model.decision import Decision, Refused, Request
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


class Usage(Refused):
    """`-?` was given: the message is the command's usage line."""


class Flags(msgspec.Struct, frozen=True):
    """The flags of one command as given, in order; a flag without a value has None."""

    given: tuple[tuple[str, str | None], ...] = ()

    def has(self, letter: str) -> bool:
        """Whether the flag was given at least once."""
        return any(name == letter for name, _ in self.given)

    def count(self, letter: str) -> int:
        """How often the flag was given."""
        return sum(name == letter for name, _ in self.given)

    def value(self, letter: str) -> str | None:
        """The value given last, or None."""
        values = self.values(letter)
        return values[-1] if values else None

    def values(self, letter: str) -> tuple[str, ...]:
        """All values given for the flag, in order."""
        return tuple(value for name, value in self.given if name == letter and value is not None)


class Invocation(msgspec.Struct, frozen=True):
    """One command as asked, with its flags and arguments told apart. `name` is the command's full name."""

    flags: Flags
    arguments: tuple[str, ...]
    request: Request
    name: str

    @property
    def target(self) -> str | None:
        """The value of `-t`, or None."""
        return self.flags.value("t")


Decide = Callable[[ServerState, LiveView, Invocation], Decision]


class Command(msgspec.Struct, frozen=True):
    """A row of the table of commands."""

    name: str
    alias: str
    flags: str
    """Flag letters; a colon after a letter: it takes a value."""
    usage: str
    """What follows the name in the usage line, as in the man page."""
    arguments: tuple[int, int | None]
    """Fewest and most arguments; None: any number."""
    decide: Decide
    help: str
    """One sentence for the manual."""
    starts_server: bool = False
    """The client starts a server for this command when none runs."""
    read_only: bool = False
    """A read-only client may use it."""
    plain_words: bool = False
    """All its words are arguments, even those that look like flags: fugue's own commands have `--json`."""

    def invocation(self, request: Request) -> Invocation:
        """`request.argv` parsed for this command. Raises Refused with tmux's words, and Usage for `-?`."""
        flags, arguments = self.parse(request.argv[1:])
        return Invocation(Flags(flags), arguments, request, self.name)

    def parse(
        self, words: tuple[str, ...]
    ) -> tuple[tuple[tuple[str, str | None], ...], tuple[str, ...]]:
        """As `parse_flags`, and as many arguments as the command takes. Raises Refused, and Usage for `-?`."""
        flags, arguments = self.parse_flags(words)
        fewest, most = self.arguments
        if len(arguments) < fewest:
            raise Refused(f"command {self.name}: too few arguments (need at least {fewest})")
        if most is not None and len(arguments) > most:
            raise Refused(f"command {self.name}: too many arguments (need at most {most})")
        return flags, arguments

    def parse_flags(
        self, words: tuple[str, ...]
    ) -> tuple[tuple[tuple[str, str | None], ...], tuple[str, ...]]:
        """Flags and arguments of `words`. Raises Refused: unknown flag, missing value; Usage: `-?`."""
        if self.plain_words:
            return (), words
        given: list[tuple[str, str | None]] = []
        reader = _Words(words)
        while (letters := reader.next_flags()) is not None:
            while letters:
                letter, letters = letters[0], letters[1:]
                if not self._takes_value(letter):
                    given.append((letter, None))
                    continue
                value = letters or reader.value()
                if value is None:
                    raise Refused(f"command {self.name}: -{letter} expects an argument")
                given.append((letter, value))
                break
        return tuple(given), reader.rest()

    def _takes_value(self, letter: str) -> bool:
        if letter == "?":
            raise Usage(f"usage: {self.name} {self.usage}")
        if not (letter.isascii() and letter.isalnum()):
            raise Refused(f"command {self.name}: invalid flag -{letter}")
        at = self.flags.find(letter)
        if at < 0:
            raise Refused(f"command {self.name}: unknown flag -{letter}")
        return self.flags[at + 1 : at + 2] == ":"


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
        if self.at == len(self.words):
            return None
        self.at += 1
        return self.words[self.at - 1]

    def rest(self) -> tuple[str, ...]:
        return self.words[self.at :]
