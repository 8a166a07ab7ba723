"""Operations of formats on texts: width, trimming, padding, matching, substitution, quoting and arithmetic."""

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from fuguemux.formats.expressions import NOT_COMPILED, Spend, compiled

_SHELL_SPECIAL: Final = frozenset("|&;<>()$`\\\"'*?[# =%")
_NEARLY: Final = 1e-9
_STRTOD: Final = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?$|[+-]?(?:inf(?:inity)?|nan)$",
    re.IGNORECASE,
).match
_ARITHMETIC_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": lambda left, right: abs(left - right) < _NEARLY,
    "!=": lambda left, right: abs(left - right) > _NEARLY,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
PATTERN_CHARS_MAX: Final = 1_024
"""The maximum length of a shell pattern. A longer one matches nothing."""
GLOB_STEPS_PER_UNIT: Final = 64
"""The cost of matching a shell pattern in units is its length times that of the text, divided by this."""
SUBJECT_CHARS_MAX: Final = 16_384
"""The maximum length that is searched. What follows in a longer text is not matched."""


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
    """Whether every character takes one column and no style is among them."""
    return text.isascii() and text.isprintable() and "#[" not in text and "##" not in text


def _pieces(text: str) -> list[tuple[str, int]]:
    """`text` as pairs of piece and columns.

    A piece is a character, `##`, which is shown as one `#`, or a style `#[…]`, which takes no columns.
    """
    pieces: list[tuple[str, int]] = []
    at = 0
    while at < len(text):
        if text.startswith("##", at):
            pieces.append(("##", 1))
            at += 2
        elif text.startswith("#[", at):
            end = text.find("]", at)
            end = len(text) if end < 0 else end + 1
            pieces.append((text[at:end], 0))
            at = end
        else:
            pieces.append((text[at], width(text[at])))
            at += 1
    return pieces


def columns(text: str) -> int:
    """How many columns `text` takes. Styles take none."""
    if is_plain(text):
        return len(text)
    return sum(size for _, size in _pieces(text))


def trim_left(text: str, limit: int) -> str:
    """The first `limit` columns of `text`, with all of its styles."""
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
    """The last `limit` columns of `text`, with all of its styles."""
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
    """`text` cut to `limit` columns, with `marker` if it was cut. A negative limit keeps the end."""
    if limit > 0:
        cut = trim_left(text, limit)
        return cut + marker if cut != text else text
    if limit < 0:
        cut = trim_right(text, -limit)
        return marker + cut if cut != text else text
    return text


def padded(text: str, size: int) -> str:
    """`text` padded with blanks to `size` columns. A negative size puts the blanks before it."""
    blanks = " " * (abs(size) - columns(text))
    return text + blanks if size > 0 else blanks + text


def _unlimited(_chars: int) -> bool:
    return True


def matches(pattern: str, text: str, flags: str, spend: Spend = _unlimited) -> bool:
    """Whether `text` matches a shell pattern, or with the flag `r` a regular expression. The flag `i` ignores case.

    False if the expression is invalid, and if not enough work is left for the search.
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
    """`text` with every match of the regular expression replaced. `\\1` … in the replacement are its groups."""
    expression = compiled(pattern, ignore_case="i" in flags)
    if expression is None:
        spend(NOT_COMPILED)
    if expression is None or not text:
        return text
    head, tail = text[:SUBJECT_CHARS_MAX], text[SUBJECT_CHARS_MAX:]
    return expression.substituted(head, replacement, spend) + tail


def shell_quoted(text: str) -> str:
    """`text` with a backslash before each character that a shell would interpret."""
    return "".join("\\" + char if char in _SHELL_SPECIAL else char for char in text)


def style_quoted(text: str) -> str:
    """`text` with each `#` doubled, so that it is not read as a style."""
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
    """The number that strtod(3) reads from `text`, empty is 0; None if anything follows it."""
    plain = text.lstrip(" \t\n\v\f\r")
    if not plain:
        return None if text else 0.0
    hexadecimal = plain.lstrip("+-")[:2].lower() == "0x"
    try:
        return float.fromhex(plain) if hexadecimal else float(plain) if _STRTOD(plain) else None
    except (ValueError, OverflowError):
        return None


def _whole(value: float) -> float:
    """`value` as C converts it to a whole number of 64 bits: what does not fit is the smallest one, as on x86-64."""
    if not -(2.0**63) <= value < 2.0**63:
        return -(2.0**63)
    return float(math.trunc(value))


def arithmetic(sign: str, left: float, right: float, *, places: int | None) -> str:
    """The result of `left sign right` with that many decimal places; None: as a whole number. Empty: no such sign."""
    if places is None:
        left, right = _whole(left), _whole(right)
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
            case "/":
                result = left / right if right != 0 else _divided_by_zero(left, right)
            case "m" | "%":
                result = math.fmod(left, right) if right != 0 and math.isfinite(left) else -math.nan
            case _:
                return ""
    if places is None:
        return f"{_whole(result):.0f}"
    if math.isnan(result):
        return "-nan" if math.copysign(1, result) < 0 else "nan"
    return f"{result:.{places}f}"


def _divided_by_zero(left: float, right: float) -> float:
    if left == 0 or math.isnan(left):
        return -math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)
