"""No flag is taken and ignored: the code of a command names each flag of its row, to obey it or to refuse it.

The flags below have no effect by their nature, with the reason; docs/tmux-differences.md names those that should have one.
"""

import ast
import importlib
import inspect
from functools import cache
from types import ModuleType
from typing import Final

import pytest

from fuguemux.commands import table
from fuguemux.commands.command import Command

WITHOUT_EFFECT: Final = {
    **{("refresh-client", letter): "not there yet, on the page" for letter in "DLRUcl"},
    ("refresh-client", "S"): "everything is drawn, the status line too",
    ("display-message", "N"): "not there yet, on the page",
    ("join-pane", "v"): "what happens without -h",
    ("move-pane", "v"): "what happens without -h",
    ("rotate-window", "U"): "what happens without -D",
    ("split-window", "v"): "what happens without -h",
    ("switch-client", "F"): "tmux takes it and does nothing either",
}


def letters_of(row: Command) -> set[str]:
    return set(row.flags.replace(":", ""))


@cache
def named_in(module: ModuleType) -> frozenset[str]:
    """The letters in short strings of a module and of the shared steps that it imports, without its row."""
    tree = ast.parse(inspect.getsource(module))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("flags", "usage", "name", "alias"):
            for inner in ast.walk(node.value):
                inner.__dict__["skipped"] = True
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= _named_in_import(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and not hasattr(node, "skipped"):
            text = node.value
            if isinstance(text, str) and text.isalnum() and len(text) <= 6:
                found |= set(text)
    return frozenset(found)


def _named_in_import(node: ast.ImportFrom) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    assert node.module is not None
    if node.module == "fuguemux.commands.parts":
        for name in node.names:
            found |= named_in(importlib.import_module(f"{node.module}.{name.name}"))
    elif node.module.startswith("fuguemux.commands.parts."):
        found |= named_in(importlib.import_module(node.module))
    return found


@pytest.mark.parametrize("row", table.COMMANDS, ids=lambda row: row.name)
def test_each_flag_of_a_command_is_named_by_its_code(row: Command) -> None:
    module = inspect.getmodule(row.decide)
    assert module is not None
    named = set(named_in(module))
    for flag in (row.target, row.source, row.client):
        if flag is not None:
            named |= {flag.letter, *(letter for letter, _ in flag.other_kinds)}
    excused = {letter for name, letter in WITHOUT_EFFECT if name == row.name}
    assert letters_of(row) - named - excused == set()
    assert excused <= letters_of(row)
