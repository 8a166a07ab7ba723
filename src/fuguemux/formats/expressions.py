"""Regular expressions in formats: POSIX extended ones as in tmux, matched by RE2 in linear time.

An expression is translated from the syntax of POSIX to that of RE2. The leftmost-longest match counts, as POSIX requires. An
invalid expression matches and replaces nothing, as in tmux. So does one that RE2 cannot match: with back references, or with
more than 1,000 repetitions.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

EXPRESSION_CHARS_MAX: Final = 1_024
"""A longer expression counts as invalid."""
COMPILED_BYTES_MAX: Final = 1 << 20
"""The memory that RE2 may use for one expression and its automata."""
COMPILED_MAX: Final = 64
"""How many compiled expressions are kept."""
STEPS_MAX: Final = 16 << 20
"""The maximum of one search: bytes of text times instructions of RE2, some nanoseconds each. Above it nothing matches."""
SMALL_PROGRAM: Final = 32
"""Up to this many instructions RE2 takes one step for each byte. Of a larger program each byte may need every instruction."""
STEPS_PER_UNIT: Final = 64
"""The cost of a search, in units of formats/work.py."""
NOT_COMPILED: Final = 2_000
"""The cost of finding that an expression is invalid."""
_SEARCH: Final = 15
_COMPILED: Final = 100
_INSTRUCTION: Final = 5
_COPIED_BYTES: Final = 25

_NAMED: Final = "wWsSbBdD"
"""Letters that have a meaning behind a backslash, in RE2 as in glibc. Only fugue has `\\d`."""
_OTHERS: Final = {"<": r"\b", ">": r"\b", "`": "^", "'": "$"}
_REPEATS_MAX: Final = 1_000

Spend = Callable[[int], bool]
"""Take that many units from the work that is left. Returns whether there were enough; may raise instead."""


class NoExpression(ValueError):
    """The text is no valid expression, or it cannot be matched in linear time."""


class Expression:
    """A compiled expression. `compiled` makes it."""

    def __init__(self, expression: Any, *, anchored: bool) -> None:
        self._expression = expression
        self._size: int = expression.programsize
        self._anchored = anchored
        self.cost = _COMPILED + _INSTRUCTION * self._size
        """The cost of compiling it, in units. A cached expression costs the same, so that costs do not depend on the cache."""

    def matches(self, text: str, spend: Spend) -> bool:
        """Whether it matches anywhere in `text`."""
        data = text.encode("utf-8", "surrogateescape")
        return spend(self.cost) and self._found(data, spend) is not None

    def substituted(self, text: str, replacement: str, spend: Spend) -> str:
        """`text` with every match replaced by the rules of tmux (regsub.c): `\\0` … `\\9` are the match and its groups.

        An expression that begins with `^` replaces only once. When the work is used up, the rest of the text stays.
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
            # An empty match is not replaced at the beginning, nor where the match before it ended.
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
    """The position behind the character at `at`."""
    at += 1
    while at < len(data) and data[at] & 0xC0 == 0x80:
        at += 1
    return at


def _pieces(replacement: str) -> tuple[bytes | int, ...]:
    """The replacement as a list of texts and group numbers. Other backslashes are dropped."""
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
    """The compiled expression; None if `text` is no valid one."""
    if len(pattern) > EXPRESSION_CHARS_MAX:
        return None
    import re2  # imported when a format first has an expression, so that the server starts faster

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
    """A POSIX extended expression of glibc, translated to the POSIX syntax of RE2. Raises NoExpression."""
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
            parts.append(r"\)")  # In POSIX a closing bracket without an opening one is a character.
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
    """Read `{m,n}`, from behind the brace. The lower limit may be missing."""
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
    """Read a bracket expression, from behind the bracket. A backslash in it is a character; `[.x.]` and `[=x=]` mean x."""
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
    """A character, escaped so that it stands for itself in a bracket expression."""
    return "\\" + char if char.isascii() and not char.isalnum() and char not in " \n\t" else char
