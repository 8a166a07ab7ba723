"""The template of a command that runs when a pane is chosen."""

import re
from typing import Final

_PLACES: Final = re.compile(r"%[%1]%?")


def filled(template: str, target: str) -> str:
    """`template` with the first `%%` and every `%1` replaced by `target`, an id. A further `%` behind them would quote it."""
    first = True

    def replaced(place: re.Match[str]) -> str:
        nonlocal first
        if place[0][1] == "%" and not first:
            return place[0]
        first = first and place[0][1] != "%"
        return target

    return _PLACES.sub(replaced, template)
