"""Finds the line of a key in a TOML text, for messages. tomllib checks the text itself."""

import re
import tomllib
from collections.abc import Iterator

_BARE_OR_QUOTED = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_BARE_OR_QUOTED}(?:\s*\.\s*{_BARE_OR_QUOTED})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?")
_ASSIGNMENT = re.compile(rf"\s*({_DOTTED})\s*=")
_PART = re.compile(_BARE_OR_QUOTED)


class KeyLines:
    """The lines of the keys of one text. `text` must be valid TOML."""

    def __init__(self, text: str) -> None:
        """Read the statements once. Linear in the length of `text`."""
        self._first: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        for number, statement in _statements(text):
            if header := _HEADER.match(statement):
                table = here = _parts(header[1])
            elif assignment := _ASSIGNMENT.match(statement):
                here = table + _parts(assignment[1])
            else:
                continue
            for depth in range(1, len(here) + 1):
                self._first.setdefault(here[:depth], number)

    def find(self, section: str, name: str | None = None) -> int | None:
        """Return the line (from 1) on which `section`, or the option `name` in it, first appears. None if it does not.

        Understands headers, dotted keys and quoted keys. For an inline table it is the line where the table begins.
        """
        if name is None:
            return self._first.get((section,))
        return self._first.get((section, name)) or self._first.get((section,))


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(
        tomllib.loads(f"key = {part}")["key"] if part[0] in "\"'" else part
        for part in _PART.findall(dotted)
    )


_TOKEN = re.compile(
    r"""(?P<string>\"{3}(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}|'{3}(?:[^']|'{1,2}(?!'))*'{3,5}"""
    r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')|(?P<comment>\#[^\n]*)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<end>\n)""",
    re.DOTALL,
)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of each statement. Lists and strings over several lines are one statement."""
    start, number, first, depth = 0, 1, 1, 0
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "string":
                number += token[0].count("\n")
            case "open":
                depth += 1
            case "close":
                depth -= 1
            case "end":
                number += 1
                if depth <= 0:
                    yield first, text[start : token.start()]
                    start, first, depth = token.end(), number, 0
            case _:
                pass
    yield first, text[start:]
