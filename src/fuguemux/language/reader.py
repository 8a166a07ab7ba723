"""Reads the words of the command language from text: quotes, backslashes, `$NAME`, `~`. After tmux(1), PARSING."""

import re
from collections.abc import Mapping
from typing import Final

from fuguemux.model.decision import Refused

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


class Reader:
    """A position in a text, with its line from 1."""

    def __init__(self, text: str, source: str, variables: Mapping[str, str]) -> None:
        """`source` is named in errors, unless it is empty. `variables` are the values of `$NAME`; `~` is HOME."""
        self.text = text
        self.source = source
        self.variables = dict(variables)
        self.at = 0
        self.line = 1

    def refuse(self, message: str) -> Refused:
        return Refused(f"{self.source}:{self.line}: {message}" if self.source else message)

    # Characters. A backslash at the end of a line joins it with the next one. A line continuation does not count as one.

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
