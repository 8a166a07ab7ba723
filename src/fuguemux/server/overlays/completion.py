"""Completes the word at the cursor of a prompt: names of commands, options and layouts, sessions and windows. As tmux
does with Tab, but where tmux opens a menu of several windows, their common beginning is put in.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

LAYOUTS: Final = ("even-horizontal", "even-vertical", "main-horizontal", "main-vertical", "tiled")


class Names(NamedTuple):
    """What a word may be. `commands`: names, aliases and command-alias; `sessions`: (name, id); `windows`: of each
    session, by name, the indexes with the names of its windows; `current`: the client's session."""

    commands: Sequence[str] = ()
    options: Sequence[str] = ()
    sessions: Sequence[tuple[str, str]] = ()
    windows: dict[str, Sequence[tuple[int, str]]] = {}
    current: str = ""


def completed(names: Names, kind: str, word: str, *, at_start: bool) -> str | None:
    """The word completed as far as it is clear; None if nothing can be added.

    `kind` is the type of the prompt. `at_start`: whether the word is the first, so that only a command is meant.
    """
    found = _found(names, kind, word, at_start=at_start)
    return None if found is None or found == word else found


def _found(names: Names, kind: str, word: str, *, at_start: bool) -> str | None:
    if kind == "window-target":
        return _window(names, names.current, word, "")
    if kind == "target":
        return _target(names, word, "")
    if kind != "command":
        return None
    if word.startswith(("-t", "-s")):
        return _target(names, word[2:], word[:2])
    if not word:
        return None
    listed = [name for name in names.commands if name.startswith(word)]
    if not at_start:
        listed += [name for name in (*names.options, *LAYOUTS) if name.startswith(word)]
    listed = list(dict.fromkeys(listed))
    return f"{listed[0]} " if len(listed) == 1 else _common(listed)


def _common(listed: Sequence[str]) -> str | None:
    if not listed:
        return None
    first, last = min(listed), max(listed)
    size = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    return first[:size]


def _target(names: Names, text: str, flag: str) -> str | None:
    session, colon, rest = text.partition(":")
    if not colon:
        listed = [f"{name}:" for name, _ in names.sessions if name.startswith(text)]
        if text.startswith("$"):
            listed += [f"{number}:" for _, number in names.sessions if number.startswith(text)]
        common = _common(listed)
        return None if common is None else flag + common
    if "." in rest:
        return None
    ids = {number: name for name, number in names.sessions}
    session = ids.get(session, session) or names.current
    return _window(names, session, rest, flag)


def _window(names: Names, session: str, text: str, flag: str) -> str | None:
    windows = [
        (index, name)
        for index, name in names.windows.get(session, ())
        if name.startswith(text) or str(index).startswith(text)
    ]
    if not windows:
        return None
    before = f"{session}:" if flag else ""
    listed = [f"{before}{index}" for index, _ in windows]
    common = _common(listed)
    return None if common is None or len(common) < len(text) else flag + common
