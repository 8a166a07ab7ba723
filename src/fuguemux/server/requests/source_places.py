"""Where the command that runs was read: its file and line, for error messages and for `#{current_file}`.

The place belongs to the running task. Commands that a command of a file runs (`if-shell`, `run-shell -C`) have its place.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple

import msgspec

from fuguemux.model.decision import Request


class Place(NamedTuple):
    """A line of a file, from 1."""

    file: str
    line: int


_PLACED: Final = re.compile(r"[^:]+:[0-9]+: ")
_place: Final[ContextVar[Place | None]] = ContextVar("place", default=None)


@contextmanager
def reading(file: str, line: int) -> Iterator[None]:
    """Within this context, commands come from this line. Without a file the place stays as it is."""
    if not file:
        yield
        return
    token = _place.set(Place(file, line))
    try:
        yield
    finally:
        _place.reset(token)


def placed(request: Request) -> Request:
    """The request with the variable `current_file`, if it comes from a file."""
    place = _place.get()
    if place is None:
        return request
    variables = {**request.variables, "current_file": place.file}
    return msgspec.structs.replace(request, variables=variables)


def told(text: str) -> str:
    """Errors, one a line, each as `file:line: text` if the command comes from a file. Those that begin so already, because
    another file could not be parsed, stay as they are."""
    place = _place.get()
    if place is None:
        return text
    before = f"{place.file}:{place.line}: "
    return "\n".join(line if _PLACED.match(line) else before + line for line in text.split("\n"))
