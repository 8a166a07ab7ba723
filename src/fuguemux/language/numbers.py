"""Numbers in flags and arguments. Errors have the words of strtonum(3), as in tmux: invalid, too small, too large."""

import re
from typing import Final

from fuguemux.model.decision import Refused

_WHOLE: Final = re.compile(r"\s*[+-]?[0-9]{1,18}")
INT_MAX: Final = 2**31 - 1


def number(what: str, text: str, low: int, high: int) -> int:
    """`text` as a whole number from `low` to `high`. Raises Refused: `what` and the reason."""
    if _WHOLE.fullmatch(text) is None:
        raise Refused(f"{what} invalid")
    value = int(text)
    if value < low:
        raise Refused(f"{what} too small")
    if value > high:
        raise Refused(f"{what} too large")
    return value


def cells(
    what: str, text: str, *, low: int, whole: int, percent_max: int = 100, high: int = INT_MAX
) -> int:
    """`text` as a number of cells; with `%` it is a percentage of `whole`. Raises Refused as `number` does."""
    if not text.endswith("%"):
        return number(what, text, low, high)
    value = whole * number(what, text[:-1], 0, percent_max) // 100
    if value < low:
        raise Refused(f"{what} too small")
    return min(value, high)
