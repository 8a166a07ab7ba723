"""Words as a person would have to type them: how commands, keys and option values are shown. After tmux 3.3a."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_NEEDS_DOUBLE: Final = frozenset(" #';${}%")
_NEEDS_SINGLE: Final = frozenset(' "')
_MEANS_ITSELF: Final = re.compile(r"[^\x00-\x1f\x7f\\\"$]*")
"""What is the same between double quotes and without them."""
_CONTROL: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\x00": "\\0",
}


class CommandBlock(str):
    """A word that was written as `{ … }`: commands in their canonical text."""

    __slots__ = ()
    is_block = True


def quote(word: str) -> str:
    """`word` in quotes or with backslashes where the command language needs them."""
    if isinstance(word, CommandBlock):
        return f"{{ {word} }}"
    if not word:
        return "''"
    mark = ""
    if not _NEEDS_DOUBLE.isdisjoint(word):
        mark = '"'
    elif not _NEEDS_SINGLE.isdisjoint(word):
        # Nothing is escaped between single quotes, so what must be goes between double ones.
        mark = "'" if word == _escaped(word, double=False) else '"'
    if len(word) == 1 and word != " " and (mark or word == "~"):
        return f"\\{word}"
    text = _escaped(word, double=mark == '"')
    if not mark and text.startswith("~"):
        return f"\\{text}"
    return f"{mark}{text}{mark}"


def _escaped(word: str, *, double: bool) -> str:
    if _MEANS_ITSELF.fullmatch(word):
        return word
    parts: list[str] = []
    for at, char in enumerate(word):
        follower = word[at + 1 : at + 2]
        if char == "\\" or (double and char == '"'):
            parts.append("\\" + char)
        elif double and char == "$" and (follower.isalpha() or follower in ("_", "{")) and follower:
            parts.append("\\$")
        elif char in _CONTROL:
            parts.append(_CONTROL[char])
        elif char < " " or char == "\x7f":
            parts.append(f"\\{ord(char):03o}")
        else:
            parts.append(char)
    return "".join(parts)


def render(argv: Iterable[str]) -> str:
    """One command as text."""
    return " ".join(map(quote, argv))


def render_all(commands: Iterable[Sequence[str]], separator: str = " ; ") -> str:
    """A sequence of commands as text. A key's list is shown with ` \\; ` between them."""
    return separator.join(map(render, commands))
