"""What formats do to texts: widths, trimming, padding, matching, substitution, quoting, arithmetic. All pure."""

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Final

_SHELL_SPECIAL: Final = frozenset("|&;<>()$`\\\"'*?[# =%")
_CLASSES: Final = {
    "[:alpha:]": "a-zA-Z",
    "[:digit:]": "0-9",
    "[:alnum:]": "a-zA-Z0-9",
    "[:upper:]": "A-Z",
    "[:lower:]": "a-z",
    "[:space:]": r"\s",
    "[:blank:]": r" \t",
    "[:punct:]": r"!-/:-@\[-`{-~",
    "[:xdigit:]": "0-9A-Fa-f",
}
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
"""Longer patterns match nothing."""
SUBJECT_CHARS_MAX: Final = 16_384
"""Longer texts are matched and substituted up to here only."""


def width(char: str) -> int:
    """How many columns the character takes: 0, 1 or 2."""
    if char < "\x7f":
        return 1 if char >= " " else 0
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn", "Me", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


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
    return sum(size for _, size in _pieces(text))


def trim_left(text: str, limit: int) -> str:
    """The first `limit` columns; styles are all kept."""
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


def matches(pattern: str, text: str, flags: str) -> bool:
    """Whether `text` matches: a shell pattern, with `r` an extended regular expression; `i`: case does not matter."""
    if len(pattern) > PATTERN_CHARS_MAX:
        return False
    text = text[:SUBJECT_CHARS_MAX]
    if "r" in flags:
        compiled = _compiled(pattern, ignore_case="i" in flags)
        return compiled is not None and compiled.search(text) is not None
    if "i" in flags:
        pattern, text = pattern.lower(), text.lower()
    return fnmatchcase(text, pattern)


def substituted(text: str, pattern: str, replacement: str, flags: str) -> str:
    """`text` with every match of the extended regular expression replaced; `\\1` … are its groups."""
    compiled = _compiled(pattern, ignore_case="i" in flags)
    if compiled is None or not text:
        return text

    def replace(match: re.Match[str]) -> str:
        def group(reference: re.Match[str]) -> str:
            number = int(reference[1])
            return (match[number] or "") if number <= match.re.groups else ""

        return re.sub(r"\\([0-9])", group, replacement)

    head, tail = text[:SUBJECT_CHARS_MAX], text[SUBJECT_CHARS_MAX:]
    return compiled.sub(replace, head, count=1 if pattern.startswith("^") else 0) + tail


def _compiled(pattern: str, *, ignore_case: bool) -> re.Pattern[str] | None:
    if len(pattern) > PATTERN_CHARS_MAX:
        return None
    for name, members in _CLASSES.items():
        pattern = pattern.replace(name, members)
    try:
        return re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError, RecursionError):
        return None


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
