"""Quoting: commands, keys and option values as text that the parser reads back. After tmux 3.3a."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_NEEDS_DOUBLE: Final = frozenset(" #';${}%")
_NEEDS_SINGLE: Final = frozenset(' "')
_MEANS_ITSELF: Final = re.compile(r"[^\x00-\x1f\x7f\\\"$]*")
"""Characters that are written the same with and without double quotes."""
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
    """A word that was written as `{ … }`. It holds the text of the commands in the block."""

    __slots__ = ()
    is_block = True


def quote(word: str) -> str:
    """`word` with quotes or backslashes if the command language needs them."""
    if isinstance(word, CommandBlock):
        return f"{{ {word} }}"
    if not word:
        return "''"
    mark = ""
    if not _NEEDS_DOUBLE.isdisjoint(word):
        mark = '"'
    elif not _NEEDS_SINGLE.isdisjoint(word):
        # Single quotes allow no escapes, so a word that needs some is put between double quotes.
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
    """Several commands as text. list-keys has ` \\; ` between them."""
    return separator.join(map(render, commands))
