"""The syntax of formats: where a part ends, and which modifiers it begins with. No variable is looked up here.

Inside `#{…}` a comma, a closing brace, a colon or a `#` may be escaped with `#`. A nested `#{…}` is one unit.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

_ESCAPABLE: Final = ",#{}:"
_PLAIN: Final = "labcdnwETSWPN<>"
_PAIRS: Final = ("||", "&&", "!=", "==", "<=", ">=")
_WITH_ARGUMENTS: Final = "mCNst=peq"


class Modifier(NamedTuple):
    """One modifier, such as `=` with the argument `20`, or `s` with `a` and `b`."""

    name: str
    arguments: tuple[str, ...] = ()

    def argument(self, number: int) -> str:
        return self.arguments[number] if number < len(self.arguments) else ""


@lru_cache(maxsize=64)
def _interesting(ends: str) -> re.Pattern[str]:
    """A pattern for the positions that matter: escaped characters, the start of nested formats, closing braces, and `ends`."""
    return re.compile(rf"#[,#{{}}:]|[}}{re.escape(ends)}]")


def skip(text: str, at: int, ends: str) -> int:
    """The position, from `at` on, of the first of `ends` that is neither escaped nor in a nested format; -1 if there is none."""
    level = 0
    for found in _interesting(ends).finditer(text, at):
        part = found[0]
        if len(part) == 2:
            level += part == "#{"
            continue
        level -= part == "}"
        if part in ends and level <= 0:
            return found.start()
    return -1


def choices(text: str) -> tuple[str, str] | None:
    """`text` split at its first comma; None if there is none."""
    at = skip(text, 0, ",")
    return None if at < 0 else (text[:at], text[at + 1 :])


def unescaped(text: str) -> str:
    """`text` without the `#` of escapes outside of nested formats (`#{l:…}`)."""
    parts: list[str] = []
    level = 0
    at = 0
    while at < len(text):
        if text.startswith("#{", at):
            level += 1
        if level == 0 and text[at] == "#" and at + 1 < len(text) and text[at + 1] in _ESCAPABLE:
            at += 1
        elif text[at] == "}":
            level -= 1
        parts.append(text[at])
        at += 1
    return "".join(parts)


def modifiers(text: str, expand: Callable[[str], str]) -> tuple[tuple[Modifier, ...], str]:
    """The modifiers at the beginning of the inside of a `#{…}`, with their arguments expanded, and the rest of the inside."""
    if ":" not in text:
        return (), text
    found: list[Modifier] = []
    at = 0
    while at < len(text) and text[at] != ":":
        if text[at] == ";":
            at += 1
        pair = text[at : at + 2]
        if text[at : at + 1] in _PLAIN and text[at : at + 1] and _ends(text, at + 1):
            found.append(Modifier(text[at]))
            at += 1
        elif pair in _PAIRS and _ends(text, at + 2):
            found.append(Modifier(pair))
            at += 2
        elif text[at : at + 1] in _WITH_ARGUMENTS and text[at : at + 1]:
            arguments, end = _arguments(text, at + 1, expand)
            if end < 0:
                break
            found.append(Modifier(text[at], arguments))
            at = end
        else:
            break
    if at >= len(text) or text[at] != ":":
        return (), text
    return tuple(found), text[at + 1 :]


def _ends(text: str, at: int) -> bool:
    return text[at : at + 1] in (";", ":")


def _is_mark(char: str) -> bool:
    return char.isascii() and char.isprintable() and not char.isalnum() and char not in " -"


def _arguments(text: str, at: int, expand: Callable[[str], str]) -> tuple[tuple[str, ...], int]:
    """The arguments of one modifier from `at` on, and the position behind them; -1 if they do not end."""
    if _ends(text, at):
        return (), at
    if not _is_mark(text[at : at + 1] or " "):
        end = skip(text, at, ":;")
        return ((expand(text[at:end]),), end) if end >= 0 else ((), -1)
    mark = text[at]
    arguments: list[str] = []
    while True:
        if text[at : at + 1] == mark and _ends(text, at + 1):
            return tuple(arguments), at + 1
        end = skip(text, at + 1, mark + ";:")
        if end < 0:
            return (), -1
        arguments.append(expand(text[at + 1 : end]))
        at = end
        if _ends(text, at):
            return tuple(arguments), at
