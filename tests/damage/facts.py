"""The content of a server as plain values that can be compared, and the differences between two contents in words."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from fuguemux.model.state import ServerState

DIFFERENCES_MAX = 12
VALUE_CHARACTERS_MAX = 60


@dataclass
class PaneFacts:
    """One pane: its lines of history by number, from `first` on, and its screen."""

    first: int = 0
    lines: list[bytes] = field(default_factory=list)
    screen: list[str] = field(default_factory=list)


@dataclass
class SaveFacts:
    """What a save holds, or why it cannot be had. `told`: what its own report says of losses."""

    structure: Any = None
    panes: dict[int, PaneFacts] = field(default_factory=dict)
    refused: str = ""
    told: list[str] = field(default_factory=list)


@dataclass
class Facts:
    """Everything that must not be lost in silence."""

    structure: Any = None
    panes: dict[int, PaneFacts] = field(default_factory=dict)
    saves: dict[str, SaveFacts] = field(default_factory=dict)


def structure_of(state: ServerState) -> dict[str, Any]:
    """The fields of a state, as plain values."""
    values: dict[str, Any] = {name: plain(getattr(state, name)) for name in state.__struct_fields__}
    return values


def plain(value: Any) -> Any:
    """Structs as dictionaries, so that a difference can be named by its path."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def differences(want: Facts, got: Facts) -> list[str]:
    """How `got` differs from `want`, one line each; more text at the end of a pane is no difference."""
    found = structural("", want.structure, got.structure)
    for pane, facts in want.panes.items():
        found += pane_differences(f"%{pane}", facts, got.panes.get(pane))
    return found[:DIFFERENCES_MAX]


def save_differences(want: SaveFacts, got: SaveFacts | None, name: str) -> list[str]:
    """How a save differs from what it was."""
    if got is None:
        return [f"save {name}: it is not there"]
    if got.refused:
        return [f"save {name}: {got.refused}"]
    found = structural(f"save {name}", want.structure, got.structure)
    for pane, facts in want.panes.items():
        found += pane_differences(f"save {name} %{pane}", facts, got.panes.get(pane))
    return found[:DIFFERENCES_MAX]


def structural(path: str, want: Any, got: Any) -> list[str]:
    """Differences of plain values, each with its path."""
    if isinstance(want, dict) and isinstance(got, dict):
        found = []
        for key in sorted({*want, *got}, key=repr):
            if key not in got:
                found.append(f"{path}.{key}: gone")
            elif key not in want:
                found.append(f"{path}.{key}: nobody made it")
            else:
                found += structural(f"{path}.{key}", want[key], got[key])
        return found
    if want == got:
        return []
    return [f"{path}: {_short(want)} became {_short(got)}"]


def pane_differences(name: str, want: PaneFacts, got: PaneFacts | None) -> list[str]:
    """Differences of history and screen."""
    if got is None:
        return [f"{name}: gone"]
    found = []
    if want.first < got.first:
        found.append(f"{name}: history begins at line {got.first} instead of {want.first}")
    mine, theirs = want.lines, got.lines
    shift = got.first - want.first
    wrong = [
        number
        for number in range(max(shift, 0), len(mine))
        if number - shift >= len(theirs) or theirs[number - shift] != mine[number]
    ]
    if wrong:
        at = wrong[0]
        now = theirs[at - shift] if at - shift < len(theirs) else b"(nothing)"
        found.append(
            f"{name}: {len(wrong)} of {len(mine)} lines, the first is {want.first + at}: "
            f"{_short(mine[at])} became {_short(now)}"
        )
    if want.screen != got.screen:
        rows = [n for n, row in enumerate(want.screen) if got.screen[n : n + 1] != [row]]
        found.append(f"{name}: screen differs in {len(rows)} rows, the first is {rows[:1]}")
    return found


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"
