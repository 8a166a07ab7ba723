"""Regular expressions that people write in formats: POSIX extended ones, as in tmux, matched by RE2 in linear time.

What POSIX writes in another way than RE2 is translated; the longest of the leftmost matches counts, as POSIX wants it. What RE2
cannot do (back references, more than 1,000 repetitions) and what is no expression matches nothing and replaces nothing, as an
invalid one in tmux.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

EXPRESSION_CHARS_MAX: Final = 1_024
"""Longer expressions are none."""
COMPILED_BYTES_MAX: Final = 1 << 20
"""RE2's budget for one expression and its automata."""
COMPILED_MAX: Final = 64
"""So many expressions are kept compiled."""
STEPS_MAX: Final = 16 << 20
"""Text bytes times RE2's instructions of one search, at some nanoseconds each; what needs more matches nothing."""
SMALL_PROGRAM: Final = 32
"""So few instructions make an automaton that needs one step per byte; of a larger one all may be needed for each byte."""
STEPS_PER_UNIT: Final = 64
"""What a search costs, in units of `format_work`."""
NOT_COMPILED: Final = 2_000
"""What finding out costs that something is no expression."""
_SEARCH: Final = 15
_COMPILED: Final = 100
_INSTRUCTION: Final = 5
_COPIED_BYTES: Final = 25

_NAMED: Final = "wWsSbBdD"
"""What a backslash before a letter means something for, in RE2 as in glibc (`\\d` is fugue's own)."""
_OTHERS: Final = {"<": r"\b", ">": r"\b", "`": "^", "'": "$"}
_REPEATS_MAX: Final = 1_000

Spend = Callable[[int], bool]
"""Takes so many units of work off what may still be done; whether they were there. It may raise instead."""


class NoExpression(ValueError):
    """It is no expression, or none that can be matched in linear time."""


class Expression:
    """A compiled expression. Made by `compiled`."""

    def __init__(self, expression: Any, *, anchored: bool) -> None:
        self._expression = expression
        self._size: int = expression.programsize
        self._anchored = anchored
        self.cost = _COMPILED + _INSTRUCTION * self._size
        """What having it compiled costs, in units. It is paid each time: whether it is still kept is chance."""

    def matches(self, text: str, spend: Spend) -> bool:
        """Whether it matches anywhere in `text`."""
        data = text.encode("utf-8", "surrogateescape")
        return spend(self.cost) and self._found(data, spend) is not None

    def substituted(self, text: str, replacement: str, spend: Spend) -> str:
        """Every match in `text` replaced, by tmux's rules (regsub.c): `\\0` … `\\9` are the match and its groups.

        An expression that begins with `^` replaces once. Where the work runs out, the rest stays as it is.
        """
        data = text.encode("utf-8", "surrogateescape")
        parts: list[bytes] = []
        pieces = _pieces(replacement)
        start = last = 0
        was_empty = False
        if not spend(self.cost + len(replacement)):
            return text
        while start <= len(data):
            found = self._found(data[start:], spend)
            if found is None:
                break
            begin, end = start + found.start(), start + found.end()
            parts.append(data[last:begin])
            # Nothing is replaced where the last match ended, or at the beginning, but by what matched something.
            skipped = begin == end == last and not was_empty and not self._anchored
            if not skipped:
                new = b"".join(_expanded(found, pieces))
                if not spend(len(new) // _COPIED_BYTES):
                    break
                parts.append(new)
            last, was_empty = end, skipped
            start = _behind(data, end) if skipped else end
            if self._anchored:
                break
        parts.append(data[last:])
        return b"".join(parts).decode("utf-8", "surrogateescape")

    def _found(self, data: bytes, spend: Spend) -> Any:
        steps = len(data) * (1 if self._size <= SMALL_PROGRAM else self._size)
        if steps > STEPS_MAX or not spend(_SEARCH + steps // STEPS_PER_UNIT):
            return None
        return self._expression.search(data)


def _behind(data: bytes, at: int) -> int:
    """Behind the character at `at`."""
    at += 1
    while at < len(data) and data[at] & 0xC0 == 0x80:
        at += 1
    return at


def _pieces(replacement: str) -> tuple[bytes | int, ...]:
    """Texts and the numbers of groups between them. A backslash before anything else is dropped."""
    pieces: list[bytes | int] = []
    plain: list[str] = []
    characters = iter(replacement)
    for char in characters:
        if char == "\\":
            char = next(characters, "")
            if char.isascii() and char.isdigit():
                pieces += ("".join(plain).encode("utf-8", "surrogateescape"), int(char))
                plain.clear()
                continue
        plain.append(char)
    return (*pieces, "".join(plain).encode("utf-8", "surrogateescape"))


def _expanded(found: Any, pieces: tuple[bytes | int, ...]) -> Iterator[bytes]:
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
        elif piece <= found.re.groups:
            yield found[piece] or b""


@lru_cache(maxsize=COMPILED_MAX)
def compiled(pattern: str, *, ignore_case: bool) -> Expression | None:
    """The expression; None if it is none."""
    if len(pattern) > EXPRESSION_CHARS_MAX:
        return None
    import re2  # when a format has an expression: a server starts quicker without it

    options = re2.Options()
    options.log_errors = False
    options.posix_syntax = True
    options.perl_classes = True
    options.word_boundary = True
    options.longest_match = True
    options.one_line = True
    options.dot_nl = True
    options.case_sensitive = not ignore_case
    options.max_mem = COMPILED_BYTES_MAX
    try:
        source = translated(pattern).encode("utf-8", "surrogateescape")
        return Expression(re2.compile(source, options), anchored=pattern.startswith("^"))
    except (NoExpression, re2.error):
        return None


def translated(pattern: str) -> str:
    """A POSIX extended expression, as glibc takes it, in RE2's POSIX syntax. Raises NoExpression."""
    parts: list[str] = []
    depth = at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "\\":
            parts.append(_escape(pattern[at : at + 1]))
            at += 1
        elif char == "[":
            part, at = _bracket(pattern, at)
            parts.append(part)
        elif char == "{":
            part, at = _repeat(pattern, at)
            parts.append(part)
        elif char == ")" and depth == 0:
            parts.append(r"\)")  # POSIX: nothing is open, so it is a character
        elif char in "*+?" and parts and parts[-1] == "^":
            raise NoExpression("a beginning cannot be repeated")
        else:
            depth += (char == "(") - (char == ")")
            parts.append(char)
    return "".join(parts)


def _escape(char: str) -> str:
    if char == "" or (char.isascii() and char.isdigit() and char != "0"):
        raise NoExpression("a back reference, or nothing behind the last backslash")
    if char in _NAMED:
        return "\\" + char
    if char in _OTHERS:
        return _OTHERS[char]
    return char if char.isalnum() or not char.isascii() else "\\" + char


def _repeat(pattern: str, at: int) -> tuple[str, int]:
    """`{m,n}` from behind its brace on; of the limits the lower may be missing."""
    end = pattern.find("}", at)
    low, comma, high = pattern[at : max(end, at)].partition(",")
    limits = [limit for limit in (low, high) if limit]
    known = all(limit.isascii() and limit.isdigit() and len(limit) < 6 for limit in limits)
    if end < 0 or not known or not (low or high):
        raise NoExpression("braces that hold no number of repetitions")
    if any(int(limit) > _REPEATS_MAX for limit in limits):
        raise NoExpression("too many repetitions")
    return f"{{{low or 0}{comma}{high}}}", end + 1


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    """A set from behind its bracket on. A backslash in it is a character; `[.x.]` and `[=x=]` are x."""
    parts = ["["]
    if pattern.startswith("^", at):
        parts.append("^")
        at += 1
    first = True
    while at < len(pattern):
        char = pattern[at]
        if char == "]" and not first:
            return "".join(parts) + "]", at + 1
        first = False
        kind = pattern[at + 1 : at + 2] if char == "[" else ""
        if kind and kind in ":.=":
            end = pattern.find(f"{kind}]", at + 2)
            name = pattern[at + 2 : max(end, at)]
            if end < 0 or (kind != ":" and len(name) != 1):
                raise NoExpression("a name in brackets that is not known")
            parts.append(f"[:{name}:]" if kind == ":" else _member(name))
            at = end + 2
        else:
            parts.append(char if char == "-" else _member(char))
            at += 1
    raise NoExpression("a bracket that is not closed")


def _member(char: str) -> str:
    """A character as it stands for itself in a set."""
    return "\\" + char if char.isascii() and not char.isalnum() and char not in " \n\t" else char
