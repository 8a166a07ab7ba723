"""The parser of the command language: from the text of a file or of a key binding to commands. After tmux(1), PARSING.

Text may have quotes, `#` comments, backslashes, `$NAME`, `{ }` blocks, `NAME=value`, and the directives %if, %elif,
%else, %endif and %hidden.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from fuguemux.language.quoting import CommandBlock, render_all
from fuguemux.language.reader import Reader
from fuguemux.model.decision import Refused

DEPTH_MAX: Final = 32
"""The maximum nesting of blocks and conditions."""
NESTED_CHARS_MAX: Final = 8 << 20
"""The maximum size of all blocks of a text. A block within others counts once for each of them, as it is copied into each."""

_ENDS: Final = ("%elif", "%else", "%endif")


class Parsed(NamedTuple):
    """One command, the number of the line on which it begins, from 1, and the file (empty: the text is from no file)."""

    argv: tuple[str, ...]
    line: int
    file: str = ""


class TextContext(NamedTuple):
    """What the text may refer to."""

    variables: Mapping[str, str] = {}
    """The values of `$NAME`; `~` is HOME."""
    condition: Callable[[str, Mapping[str, str]], bool] = lambda text, _set: text not in ("", "0")
    """Whether the text after %if is true. The second argument is what the text has set so far by `NAME=value`."""
    check: Callable[[tuple[str, ...]], None] = lambda _argv: None
    """Raises Refused for a command that can never run. It is called for commands in blocks, too."""


def parse_file(
    text: str,
    source: str = "",
    surroundings: TextContext | None = None,
) -> list[Parsed]:
    """The commands in `text`. Raises Refused with `source:line: message`, or the message alone without `source`."""
    return parse_counted(text, source, surroundings)[0]


def parse_counted(
    text: str,
    source: str = "",
    surroundings: TextContext | None = None,
    nested_chars_max: int = NESTED_CHARS_MAX,
) -> tuple[list[Parsed], int]:
    """As `parse_file`, and the size of all blocks in characters, counted as NESTED_CHARS_MAX says."""
    parser = _Parser(text, source, surroundings or TextContext(), nested_chars_max)
    return parser.run(), parser.nested_chars


def replace_alias(argv: Sequence[str], aliases: Iterable[str]) -> list[tuple[str, ...]]:
    """The commands that `argv` stands for: itself, or those of the alias called `argv[0]`. An alias is `name=command`."""
    for alias in aliases:
        name, equals, command = alias.partition("=")
        if equals and name == argv[0]:
            commands = [parsed.argv for parsed in parse_file(command)]
            if not commands:
                return []
            commands[-1] = (*commands[-1], *argv[1:])
            return commands
    return [tuple(argv)]


class _Parser(Reader):
    def __init__(
        self, text: str, source: str, surroundings: TextContext, nested_chars_max: int
    ) -> None:
        super().__init__(text, source, surroundings.variables)
        self.condition = surroundings.condition
        self.check = surroundings.check
        self.problem: Refused | None = None
        self.set_here: dict[str, str] = {}
        self.inline_open = 0
        """How many conditions are open whose %if and %endif are on one line."""
        self.commands: list[Parsed] = []
        self.nested_chars = 0
        self.nested_chars_max = nested_chars_max

    # Commands.

    def run(self) -> list[Parsed]:
        if ended := self.statements(self.commands, 0, in_block=False, active=True):
            raise self.refuse(f"syntax error: {ended} without %if")
        if self.problem is not None:
            raise self.problem
        return self.commands

    def statements(self, into: list[Parsed], depth: int, *, in_block: bool, active: bool) -> str:
        """Read commands up to the end of the text or block, or up to %elif, %else or %endif, and return what ended them."""
        if depth > DEPTH_MAX:
            raise self.refuse("too many nested blocks")
        while True:
            self.skip_blanks()
            char = self.peek()
            if char == "":
                if in_block:
                    raise self.refuse("syntax error: a block is not closed, add }")
                return ""
            if char == "\n" and self.inline_open:
                raise self.refuse("syntax error: %endif must be on the line of its %if")
            if char in ("\n", ";"):
                self.take()
            elif char == "#":
                self.skip_comment()
            elif char == "}":
                if not in_block:
                    raise self.refuse("syntax error: } without {")
                self.take()
                return "}"
            elif char == "%" and (directive := self.directive()):
                if directive in _ENDS:
                    return directive
                self.obey(directive, into, depth, in_block=in_block, active=active)
            else:
                self.command(into, depth, active=active)

    def directive(self) -> str:
        """Read the directive at this position and return it; empty for `%`, `%1` and the like. Raises Refused for others."""
        for name in ("%hidden", "%if", *_ENDS):
            if self.text.startswith(name, self.at):
                end = self.at + len(name)
                if self.text[end : end + 1] in ("", " ", "\t", "\r", "\n", ";", "}"):
                    self.at = end
                    return name
        if self.text[self.at + 1 : self.at + 2].isalpha():
            raise self.refuse("syntax error")  # as in tmux: other words with % are quoted
        return ""

    def ends_condition(self, words: Sequence[str]) -> bool:
        """Whether the word here is the %elif, %else or %endif of a condition on one line. Raises Refused if it is another
        directive, for a command that has begun cannot go on with one."""
        at = self.at
        directive = self.directive()
        self.at = at
        if directive and words and not (self.inline_open and directive in _ENDS):
            raise self.refuse("syntax error")
        return bool(directive)

    def obey(
        self, directive: str, into: list[Parsed], depth: int, *, in_block: bool, active: bool
    ) -> None:
        if directive == "%hidden":
            self.skip_blanks()
            word = self.word(depth)
            if not self.assign(word, into, hidden=True, active=active):
                raise self.refuse("syntax error: %hidden takes NAME=value")
            return
        done = inline = False
        ended = "%if"
        while ended != "%endif":
            chosen = not done if ended == "%else" else self.read_condition() and not done
            done = done or chosen
            if ended == "%if":
                self.skip_blanks()
                inline = self.peek() not in ("\n", "#", "")
                self.inline_open += inline
            ended = self.statements(into, depth + 1, in_block=in_block, active=active and chosen)
            if ended not in _ENDS:
                raise self.refuse("syntax error: %if without %endif")
        self.inline_open -= inline

    def read_condition(self) -> bool:
        self.skip_blanks()
        if self.text.startswith("#{", self.at):
            return self.condition(self.format(), self.set_here)
        return self.condition(self.word(0), self.set_here)

    def format(self) -> str:
        """Read an unquoted `#{…}` up to the brace that closes it."""
        start = self.at
        level = 0
        while True:
            char = self.take()
            if char in ("", "\n"):
                raise self.refuse("syntax error: #{ is not closed")
            level += (char == "{") - (char == "}")
            if char == "}" and level == 0:
                return self.text[start : self.at]

    def command(self, into: list[Parsed], depth: int, *, active: bool) -> None:
        line = self.line
        words: list[str] = []
        while True:
            self.skip_blanks()
            char = self.peek()
            if char in ("", "\n", ";", "}"):
                break
            if char == "#":
                self.skip_comment()
                break
            if char == "{":
                if not words:
                    raise self.refuse("syntax error: { at the beginning of a command")
                words.append(self.block(depth))
                continue
            if char == "%" and self.ends_condition(words):
                break
            bare = char not in "\"'"
            word = self.word(depth)
            if not words and bare and self.assign(word, into, hidden=False, active=active):
                continue
            words.append(word)
        if words and active:
            self.add(tuple(words), line, into)

    def add(self, words: tuple[str, ...], line: int, into: list[Parsed]) -> None:
        """Add a command. If it can never run, note why: a syntax error later in the text is told first, as in tmux."""
        into.append(Parsed(words, line, self.source))
        if self.problem is not None:
            return
        try:
            self.check(words)
        except Refused as refusal:
            where = f"{self.source}:{line}: " if self.source else ""
            self.problem = Refused(f"{where}{refusal}", near=refusal.near)

    def block(self, depth: int) -> CommandBlock:
        self.take()
        inner: list[Parsed] = []
        if self.statements(inner, depth + 1, in_block=True, active=True) != "}":
            raise self.refuse("syntax error: %endif without %if")
        text = render_all(parsed.argv for parsed in inner)
        self.nested_chars += len(text)
        if self.nested_chars > self.nested_chars_max:
            raise self.refuse("too much text in nested blocks")
        return CommandBlock(text)

    def assign(self, word: str, into: list[Parsed], *, hidden: bool, active: bool) -> bool:
        """Set a variable of the global environment if `word` is `NAME=value`. Returns whether it is."""
        name, equals, value = word.partition("=")
        if not (equals and name.isascii() and name.isidentifier()):
            return False
        if active:
            self.variables[name] = self.set_here[name] = value
            words = ("set-environment", "-gh" if hidden else "-g", name, value)
            into.append(Parsed(words, self.line, self.source))
        return True
