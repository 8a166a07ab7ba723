"""The command that is made from the template of a prompt and its answers."""

import re
from collections.abc import Sequence
from typing import Final

_PLACES: Final = re.compile(r"(%[%1-9])")
_QUOTES: Final = re.compile(r'(?<!\\)"')
_SPECIAL: Final = re.compile(r'[\\"$]')


def fill(template: str, answers: Sequence[str]) -> str:
    """The template with `%1`…`%9` and the first `%%` replaced.

    Inside double quotes, an answer is escaped so that it stays one word. Elsewhere it is put in as it was typed: the
    template of `command-prompt` alone is `%1`, and its answer is a whole command.
    """
    unnamed = iter(answers)
    filled, quoted = "", False
    for part in _PLACES.split(template):
        number = part[1:]
        if part == "%%":
            answer = next(unnamed, part)
        elif part.startswith("%") and number.isdigit() and 0 < int(number) <= len(answers):
            answer = answers[int(number) - 1]
        else:
            filled += part
            quoted ^= len(_QUOTES.findall(part)) % 2 == 1
            continue
        filled += _SPECIAL.sub(r"\\\g<0>", answer) if quoted else answer
    return filled
