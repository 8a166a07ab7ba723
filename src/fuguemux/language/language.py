"""The parser of the command language: from the text of a file or of a key binding to commands. After tmux(1), PARSING.

Text may have quotes, `#` comments, backslashes, `$NAME`, `{ }` blocks, `NAME=value`, and the directives %if, %elif,
%else, %endif and %hidden.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from fuguemux.language.quoting import CommandBlock, render_all
from fuguemux.model.decision import Refused

DEPTH_MAX: Final = 32
"""The maximum nesting of blocks and conditions."""
NESTED_CHARS_MAX: Final = 8 << 20
"""The maximum size of all blocks of a text. A block within others counts once for each of them, as it is copied into each."""

_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "s": " ",
    "v": "\v",
    "r": "\r",
    "n": "\n",
    "t": "\t",
}


_PLAIN: Final = re.compile(r"[^\\$~\"'\s;{}]+")
"""Characters without a special meaning in any kind of word. They are read as one piece."""
_BLANKS: Final = re.compile(r"[ \t\r]*")
_NO_CONTINUATION: Final = re.compile(r"[^\\\n]+")


class Parsed(NamedTuple):
    """One command, the number of the line on which it begins, from 1, and the file (empty: the text is from no file)."""

    argv: tuple[str, ...]
    line: int
    file: str = ""


class TextContext(NamedTuple):
    """What the text may refer to."""

    variables: Mapping[str, str] = {}
    """The values of `$NAME`; `~` is HOME."""
    condition: Callable[[str], bool] = lambda text: text not in ("", "0")
    """Whether the text after %if is true."""


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


class _Parser:
    def __init__(
        self, text: str, source: str, surroundings: TextContext, nested_chars_max: int
    ) -> None:
        # A backslash at the end of a line joins it with the next line. Line numbers behind it must still be right.
        self.text = text
        self.source = source
        self.condition = surroundings.condition
        self.variables = dict(surroundings.variables)
        self.at = 0
        self.line = 1
        self.commands: list[Parsed] = []
        self.nested_chars = 0
        self.nested_chars_max = nested_chars_max

    def refuse(self, message: str) -> Refused:
        return Refused(f"{self.source}:{self.line}: {message}" if self.source else message)

    # Characters. A line continuation does not count as one.

    def peek(self) -> str:
        char = self.text[self.at : self.at + 1]
        if char != "\\":
            return char
        while self.text.startswith("\\\n", self.at):
            self.at += 2
            self.line += 1
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        char = self.peek()
        self.at += len(char)
        if char == "\n":
            self.line += 1
        return char

    def skip_blanks(self) -> None:
        while True:
            blanks = _BLANKS.match(self.text, self.at)
            if blanks is None or not self.text.startswith("\\\n", blanks.end()):
                self.at = self.at if blanks is None else blanks.end()
                return
            self.at = blanks.end() + 2
            self.line += 1

    def skip_comment(self) -> None:
        while self.peek() not in ("\n", ""):
            rest = _NO_CONTINUATION.match(self.text, self.at)
            if rest:
                self.at = rest.end()
            else:
                self.take()

    # Commands.

    def run(self) -> list[Parsed]:
        if ended := self.statements(self.commands, 0, in_block=False, active=True):
            raise self.refuse(f"syntax error: {ended} without %if")
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
                if directive in ("%elif", "%else", "%endif"):
                    return directive
                self.obey(directive, into, depth, in_block=in_block, active=active)
            else:
                self.command(into, depth, active=active)

    def directive(self) -> str:
        """Read the directive at this position and return it; empty for another word that begins with %."""
        for name in ("%hidden", "%if", "%elif", "%else", "%endif"):
            if self.text.startswith(name, self.at):
                end = self.at + len(name)
                if self.text[end : end + 1] in ("", " ", "\t", "\r", "\n", ";"):
                    self.at = end
                    return name
        return ""

    def obey(
        self, directive: str, into: list[Parsed], depth: int, *, in_block: bool, active: bool
    ) -> None:
        if directive == "%hidden":
            self.skip_blanks()
            word = self.word(depth)
            if not self.assign(word, into, hidden=True, active=active):
                raise self.refuse("syntax error: %hidden takes NAME=value")
            return
        done = False
        ended = "%if"
        while ended != "%endif":
            chosen = not done if ended == "%else" else self.read_condition() and not done
            done = done or chosen
            ended = self.statements(into, depth + 1, in_block=in_block, active=active and chosen)
            if ended not in ("%elif", "%else", "%endif"):
                raise self.refuse("syntax error: %if without %endif")

    def read_condition(self) -> bool:
        self.skip_blanks()
        if self.text.startswith("#{", self.at):
            return self.condition(self.format())
        return self.condition(self.word(0))

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
            bare = char not in "\"'"
            word = self.word(depth)
            if not words and bare and self.assign(word, into, hidden=False, active=active):
                continue
            words.append(word)
        if words and active:
            into.append(Parsed(tuple(words), line, self.source))

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
            self.variables[name] = value
            words = ("set-environment", "-gh" if hidden else "-g", name, value)
            into.append(Parsed(words, self.line, self.source))
        return True

    # Words.

    def word(self, depth: int) -> str:
        parts: list[str] = []
        mark = ""
        while True:
            char = self.peek()
            if char == "":
                if mark:
                    raise self.refuse(f"syntax error: {mark} is not closed")
                return "".join(parts)
            if not mark and char in " \t\r\n;}":
                return "".join(parts)
            if char == "\\" and mark != "'":
                self.take()
                parts.append(self.escape())
            elif char == "$" and mark != "'":
                parts.append(self.variable())
            elif char == "~" and not mark and not parts:
                self.take()
                parts.append(self.tilde())
            elif char == mark:
                self.take()
                mark = ""
            elif not mark and char in "\"'":
                self.take()
                mark = char
            elif mark and char == "\n":
                self.take()
                parts.append("\n")
                self.begin_quoted_line()
            elif plain := _PLAIN.match(self.text, self.at):
                parts.append(plain[0])
                self.at = plain.end()
            else:
                parts.append(self.take())

    def begin_quoted_line(self) -> None:
        """Skip blanks at the beginning of a line inside quotes, and a comment line."""
        while self.peek() in (" ", "\t") and self.peek():
            self.take()
        if self.peek() == "#" and self.text[self.at + 1 : self.at + 2] not in tuple(",#{}:["):
            self.skip_comment()

    def escape(self) -> str:
        char = self.text[
            self.at : self.at + 1
        ]  # read directly: `\\` before a newline is no continuation here
        self.at += len(char)
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char in "01234567" and char:
            digits = char + self.text[self.at : self.at + 2]
            if len(digits) == 3 and all(digit in "01234567" for digit in digits):
                self.at += 2
                return chr(int(digits, 8) & 0xFF)
            raise self.refuse("invalid octal escape")
        if char in ("u", "U"):
            length = 4 if char == "u" else 8
            digits = self.text[self.at : self.at + length]
            try:
                value = chr(int(digits, 16)) if len(digits) == length else ""
            except (ValueError, OverflowError):
                value = ""
            if not value:
                raise self.refuse(f"invalid \\{char} argument")
            self.at += length
            return value
        return char

    def variable(self) -> str:
        self.take()
        if self.peek() == "{":
            self.take()
            name = self.name()
            if self.peek() != "}" or not name:
                raise self.refuse("invalid environment variable")
            self.take()
        else:
            name = self.name()
            if not name:
                return "$"
        return self.variables.get(name, "")

    def name(self) -> str:
        start = self.at
        while (char := self.peek()) and (char == "_" or (char.isascii() and char.isalnum())):
            if self.at == start and char.isdigit():
                break
            self.take()
        return self.text[start : self.at]

    def tilde(self) -> str:
        """Read what follows `~`: alone it is the home directory; `~user` stays as it is."""
        if self.peek() in ("", "/", " ", "\t", "\n", ";", '"', "'"):
            return self.variables.get("HOME", "~")
        return "~"
