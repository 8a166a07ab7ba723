"""Finds a text that every match of a regular expression must contain, so that most text can be skipped quickly."""

import re
from typing import Final

_TOKEN: Final = re.compile(
    r"""
      (?P<class> \[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\] )
    | (?P<repeat> [*?+] | \{[0-9]+(?:,[0-9]*)?\} )
    | (?P<open> \((?:\?:)? ) | (?P<close> \) )
    | (?P<escaped> \\[^a-zA-Z0-9] )
    | (?P<other> \\[dDwWsSbB] | [.^$] )
    | (?P<literal> [^\\()\[\]{}|*+?.^$] )
    """,
    re.VERBOSE | re.DOTALL,
)


def required_text(expression: str) -> str:
    """Return the longest text that is certain to be in every match of `expression`. Empty if none is found."""
    best, run, depth, at = "", "", 0, 0
    while at < len(expression):
        token = _TOKEN.match(expression, at)
        if token is None:
            return ""  # alternatives, flags or rarer escapes: nothing is certain
        at = token.end()
        kind = token.lastgroup
        if kind in ("literal", "escaped") and depth == 0:
            run += token.group()[-1]
            continue
        if kind == "repeat" and depth == 0:
            run = run[:-1]  # the repeated character may be missing
        best, run = max(best, run, key=len), ""
        depth += (kind == "open") - (kind == "close")
        if expression.startswith("?", at) and kind == "open":
            return ""
    return max(best, run, key=len)
