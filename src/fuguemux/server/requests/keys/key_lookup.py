"""Which commands a key runs, in which key table. Pure. After tmux(1), KEY BINDINGS."""

from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from fuguemux.language.default_keys import Binding

PREFIX_TABLE: Final = "prefix"
ANY_KEY: Final = "Any"

Find = Callable[[str, str], Binding | None]
"""The binding of a key in a table, or None."""


class Tables(NamedTuple):
    """Where the next key of a client is looked up."""

    default: str
    """The table that the option `key-table` names."""
    chosen: str = ""
    """The table after the prefix or `switch-client -T`; empty: none was chosen."""
    mode: str = ""
    """The table of the mode of the pane, which takes the place of the default one; empty: it has none."""
    repeating: bool = False
    """Whether a key that repeats was pressed a moment ago."""


class Found(NamedTuple):
    """What the key does."""

    binding: Binding | None = None
    chosen: str = ""
    """The table for the key after it; empty: the default one."""
    repeating: bool = False
    """Whether that table is valid for `repeat-time` only."""
    passed_on: bool = False
    """Whether the key is for the program in the pane."""


def find_key(find: Find, key: str, prefixes: Collection[str], tables: Tables) -> Found:
    """Look a key up: in the client's table, and if it is not bound there, in the default one."""
    default, repeating = tables.default, tables.repeating
    current = tables.chosen or default
    table = tables.mode if tables.mode and current == default else current
    first = table
    while True:
        if key in prefixes and table != PREFIX_TABLE:
            return Found(chosen=PREFIX_TABLE)
        binding = find(table, key) or find(table, ANY_KEY)
        if binding is not None and (binding.repeat or not repeating):
            if binding.repeat:
                return Found(binding, "" if table == default else table, repeating=True)
            return Found(binding)
        if binding is None and table == default and not repeating:
            return Found(passed_on=first == table)
        # Not bound here, or not for repeating: look in the default table.
        table = default
        if repeating:
            first, repeating = table, False
