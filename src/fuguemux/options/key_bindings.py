"""Key tables: which commands a key runs. What a person bound or unbound comes before the defaults.

Bindings are stored as entries of the server options, so that they survive a restart. The entry `key:TABLE:KEY` holds
the binding as a JSON array of command, repeat and note. An empty entry says that a default was unbound.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from fuguemux.language.default_keys import DEFAULTS, Binding
from fuguemux.model.decision import Refused
from fuguemux.model.events import OptionSet
from fuguemux.model.state import ServerState

_PREFIX: Final = "key:"
KEYS_BOUND_MAX: Final = 4_096


def _entry(table: str, key: str) -> str:
    return f"{_PREFIX}{table}:{key}"


def _bound(state: ServerState) -> Iterator[tuple[str, str, Binding | None]]:
    """Every stored entry as table, key and binding; None for a key that was unbound."""
    for name, value in state.server_options.items():
        if name.startswith(_PREFIX):
            table, _, key = name.removeprefix(_PREFIX).partition(":")
            yield table, key, _decoded(table, key, value)


def _decoded(table: str, key: str, value: str) -> Binding | None:
    if not value:
        return None
    try:
        command, repeat, note = msgspec.json.decode(value, type=tuple[str, bool, str])
    except msgspec.DecodeError:
        return None
    return Binding(table, key, command, repeat, note)


def lookup(state: ServerState, table: str, key: str) -> Binding | None:
    """The binding of `key`, in its canonical spelling, in `table`; None if it has none. The key `Any` is not considered."""
    value = state.server_options.get(_entry(table, key))
    if value is not None:
        return _decoded(table, key, value)
    return DEFAULTS.get((table, key))


def bindings(state: ServerState) -> list[Binding]:
    """All bindings, sorted by table and key."""
    found: dict[tuple[str, str], Binding | None] = dict(DEFAULTS)
    for table, key, binding in _bound(state):
        found[table, key] = binding
    return sorted(
        (binding for binding in found.values() if binding is not None),
        key=lambda binding: (binding.table, key_order(binding.key)),
    )


def key_of(state: ServerState, table: str, command: str) -> str:
    """The first key of `table` that runs `command`; empty if none does."""
    return next((b.key for b in bindings(state) if (b.table, b.command) == (table, command)), "")


def bound(state: ServerState, binding: Binding) -> OptionSet:
    """The event that stores a binding. Raises Refused: too many keys are bound, or the name of the table has a colon."""
    if ":" in binding.table or not binding.table:
        raise Refused(f"invalid key table: {binding.table}")
    if sum(1 for _ in _bound(state)) >= KEYS_BOUND_MAX:
        raise Refused(f"too many key bindings: there may be {KEYS_BOUND_MAX}")
    value = msgspec.json.encode((binding.command, binding.repeat, binding.note)).decode()
    return OptionSet("server", 0, _entry(binding.table, binding.key), value)


def unbound(state: ServerState, table: str, key: str) -> tuple[OptionSet, ...]:
    """The events that unbind a key; none if nothing is bound to it."""
    name = _entry(table, key)
    if (table, key) in DEFAULTS:
        return () if state.server_options.get(name) == "" else (OptionSet("server", 0, name, ""),)
    return (OptionSet("server", 0, name, None),) if name in state.server_options else ()


_SPECIAL_ORDER: Final = (
    *("MouseMove", "MouseDown", "MouseUp", "MouseDrag", "MouseDragEnd", "WheelUp", "WheelDown"),
    *(
        "SecondClick",
        "DoubleClick",
        "TripleClick",
        "BSpace",
        "F",
        "IC",
        "DC",
        "Home",
        "End",
        "NPage",
    ),
    *("PPage", "BTab", "Up", "Down", "Left", "Right", "KP", "User", "Any"),
)
_MOUSE: Final = re.compile(
    r"(MouseMove|MouseDown|MouseUp|MouseDragEnd|MouseDrag|WheelUp|WheelDown|SecondClick|DoubleClick|TripleClick)"
    r"(\d*)(Pane|StatusLeft|StatusRight|StatusDefault|Status|Border)"
)
_PLACES: Final = ("Pane", "Status", "StatusLeft", "StatusRight", "StatusDefault", "Border")
_CONTROLS: Final = {"Tab": 9, "Enter": 13, "Escape": 27, "Space": 32}


def key_order(key: str) -> tuple[int, int, str]:
    """The sort key of a key in a list: control characters, characters, special keys, and then keys with modifiers."""
    modifiers = 0
    rest = key
    while len(rest) > 2 and rest[1] == "-" and rest[0] in "MCS":
        modifiers |= {"M": 1, "C": 2, "S": 4}[rest[0]]
        rest = rest[2:]
    if modifiers & 2 and (len(rest) == 1 or rest == "Space") and rest.isascii():
        return modifiers & ~2, ord(rest.lower()) & 31 if len(rest) == 1 else 0, ""
    if len(rest) == 1:
        return modifiers, ord(rest), ""
    if rest in _CONTROLS:
        return modifiers, _CONTROLS[rest], ""
    mouse = _MOUSE.fullmatch(rest)
    if mouse is not None:
        place = 6 * int(mouse[2] or 0) + _PLACES.index(mouse[3])
        return modifiers, 0x110000 + _SPECIAL_ORDER.index(mouse[1]), chr(place)
    for order, beginning in enumerate(_SPECIAL_ORDER):
        if rest.startswith(beginning):
            return modifiers, 0x110000 + order, rest
    return modifiers, 0x110000 + len(_SPECIAL_ORDER), rest
