"""What formats do to texts: widths, trimming, padding, matching, substitution, quoting, arithmetic. All pure."""

import math
import operator
import unicodedata
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from fuguemux.formats.expressions import NOT_COMPILED, Spend, compiled

_SHELL_SPECIAL: Final = frozenset("|&;<>()$`\\\"'*?[# =%")
_NEARLY: Final = 1e-9
_ARITHMETIC_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": lambda left, right: abs(left - right) < _NEARLY,
    "!=": lambda left, right: abs(left - right) > _NEARLY,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
PATTERN_CHARS_MAX: Final = 1_024
"""Longer shell patterns match nothing."""
GLOB_STEPS_PER_UNIT: Final = 64
"""What matching a shell pattern costs, in units: its length times that of the text, divided by this."""
SUBJECT_CHARS_MAX: Final = 16_384
"""Longer texts are matched and substituted up to here only."""


def flag(value: bool) -> str:
    """1 or 0."""
    return "1" if value else "0"


def width(char: str) -> int:
    """How many columns the character takes: 0, 1 or 2."""
    if char < "\x7f":
        return 1 if char >= " " else 0
    return _width(char)


@lru_cache(maxsize=4_096)
def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn", "Me", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def is_plain(text: str) -> bool:
    """Whether each of its characters takes one column, and nothing in it is a style."""
    return text.isascii() and text.isprintable() and "#[" not in text


def _pieces(text: str) -> list[tuple[str, int]]:
    """`text` as (piece, columns): characters, and styles `#[…]`, which take no columns."""
    pieces: list[tuple[str, int]] = []
    at = 0
    while at < len(text):
        if text.startswith("#[", at):
            end = text.find("]", at)
            end = len(text) if end < 0 else end + 1
            pieces.append((text[at:end], 0))
            at = end
        else:
            pieces.append((text[at], width(text[at])))
            at += 1
    return pieces


def columns(text: str) -> int:
    """The columns that `text` takes, without its styles."""
    if is_plain(text):
        return len(text)
    return sum(size for _, size in _pieces(text))


def trim_left(text: str, limit: int) -> str:
    """The first `limit` columns; styles are all kept."""
    if is_plain(text):
        return text[:limit]
    kept: list[str] = []
    left = limit
    full = False
    for piece, size in _pieces(text):
        if size == 0 and piece.startswith("#["):
            kept.append(piece)
        elif not full and size <= left:
            kept.append(piece)
            left -= size
        else:
            full = True
    return "".join(kept)


def trim_right(text: str, limit: int) -> str:
    """The last `limit` columns; styles are all kept."""
    if is_plain(text):
        return text[-limit:]
    kept: list[str] = []
    over = columns(text) - limit
    for piece, size in _pieces(text):
        if size == 0 and piece.startswith("#["):
            kept.append(piece)
        elif over > 0:
            over -= size
        else:
            kept.append(piece)
    return "".join(kept)


def limited(text: str, limit: int, marker: str) -> str:
    """`text` cut to `limit` columns (from its end, if negative), with `marker` if something was cut."""
    if limit > 0:
        cut = trim_left(text, limit)
        return cut + marker if cut != text else text
    if limit < 0:
        cut = trim_right(text, -limit)
        return marker + cut if cut != text else text
    return text


def padded(text: str, size: int) -> str:
    """`text` with blanks up to `size` columns; negative: blanks before it."""
    blanks = " " * (abs(size) - columns(text))
    return text + blanks if size > 0 else blanks + text


def _unlimited(_chars: int) -> bool:
    return True


def matches(pattern: str, text: str, flags: str, spend: Spend = _unlimited) -> bool:
    """Whether `text` matches: a shell pattern, with `r` an extended regular expression; `i`: case does not matter.

    False where there is no such expression, or not the work left to look.
    """
    text = text[:SUBJECT_CHARS_MAX]
    if "r" in flags:
        expression = compiled(pattern, ignore_case="i" in flags)
        if expression is None:
            spend(NOT_COMPILED)
            return False
        return expression.matches(text, spend)
    if len(pattern) > PATTERN_CHARS_MAX or not spend(
        (len(pattern) * len(text)) // GLOB_STEPS_PER_UNIT
    ):
        return False
    if "i" in flags:
        pattern, text = pattern.lower(), text.lower()
    return fnmatchcase(text, pattern)


def substituted(
    text: str, pattern: str, replacement: str, flags: str, spend: Spend = _unlimited
) -> str:
    """`text` with every match of the extended regular expression replaced; `\\1` … are its groups."""
    expression = compiled(pattern, ignore_case="i" in flags)
    if expression is None:
        spend(NOT_COMPILED)
    if expression is None or not text:
        return text
    head, tail = text[:SUBJECT_CHARS_MAX], text[SUBJECT_CHARS_MAX:]
    return expression.substituted(head, replacement, spend) + tail


def shell_quoted(text: str) -> str:
    """`text` with a backslash before what a shell would not take as it is."""
    return "".join("\\" + char if char in _SHELL_SPECIAL else char for char in text)


def style_quoted(text: str) -> str:
    """`text` with its `#` doubled, so that it is no style."""
    return text.replace("#", "##")


def base_name(path: str) -> str:
    """As basename(3)."""
    stripped = path.rstrip("/")
    if not stripped:
        return "/" if path else "."
    return stripped.rpartition("/")[2]


def directory_name(path: str) -> str:
    """As dirname(3)."""
    stripped = path.rstrip("/")
    head, slash, _ = stripped.rpartition("/")
    if not slash:
        return "/" if path and not stripped else "."
    return head.rstrip("/") or "/"


def number(text: str) -> float | None:
    """A number as strtod(3) reads it, but finite and nothing behind it; None: it is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def arithmetic(sign: str, left: float, right: float, *, places: int | None) -> str:
    """The result of `left sign right` with that many decimal places; None: whole numbers. Empty if there is none."""
    if places is None:
        left, right = float(math.trunc(left)), float(math.trunc(right))
    compare = _ARITHMETIC_COMPARISONS.get(sign)
    if compare is not None:
        result = float(compare(left, right))
    else:
        match sign:
            case "+":
                result = left + right
            case "-":
                result = left - right
            case "*":
                result = left * right
            case "/" if right != 0:
                result = left / right
            case "m" | "%" if right != 0:
                result = math.fmod(left, right)
            case _:
                return ""
    if not math.isfinite(result):
        return ""
    return str(math.trunc(result)) if places is None else f"{result:.{places}f}"
