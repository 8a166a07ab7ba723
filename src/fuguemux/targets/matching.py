"""Finds one thing among several by its name: a session, a window or a client."""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import TypeVar

from fuguemux.model.live import ClientFacts

_T = TypeVar("_T")


class TargetMissing(Exception):
    """A part of a target names nothing, or more than one thing."""


def only_match(
    things: Iterable[_T], name_of: Callable[[_T], str], text: str, steps: tuple[str, ...]
) -> _T | None:
    """The thing whose name matches `text`. The `steps` are tried in order, and the first with a match decides. None:
    there is no match.

    Steps: `exact`, `prefix` (the name begins with the text), `glob` (the text is a pattern). Raises TargetMissing if
    several things match in one step.
    """
    things = tuple(things)
    for step in steps:
        found = [thing for thing in things if _matches(name_of(thing), text, step)]
        if len(found) > 1:
            raise TargetMissing
        if found:
            return found[0]
    return None


def _matches(name: str, text: str, step: str) -> bool:
    if step == "exact":
        return name == text
    if step == "prefix":
        return name.startswith(text)
    return fnmatchcase(name, text)


def client_called(clients: Iterable[ClientFacts], text: str) -> ClientFacts | None:
    """The client whose name or terminal is `text`. A colon at the end of the text is ignored."""
    text = text.removesuffix(":")
    for client in clients:
        if text in (client.name, client.tty, client.tty.removeprefix("/dev/")):
            return client
    return None
