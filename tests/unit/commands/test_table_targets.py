"""The targets that the rows of the table declare agree with the flags and the usage line of each command."""

import re
from collections.abc import Iterator

import msgspec
import pytest

from fuguemux.commands import kill_pane, table
from fuguemux.commands.command import Command
from fuguemux.targets.declaration import TargetFlag, TargetKind

KINDS = {
    "pane": {TargetKind.PANE},
    "window": {TargetKind.WINDOW, TargetKind.WINDOW_INDEX},
    "session": {TargetKind.SESSION},
    "client": {TargetKind.CLIENT},
}
"""By the word for it in a usage line, as in `[-t target-pane]`."""
NOT_DECLARED = {
    ("display-message", "c"): "without the flag, the client depends on the target",
    ("search", "t"): "the command takes its own words apart",
    ("server-access", "t"): "tmux has it in the usage line only",
    ("swap-pane", "s"): "other flags find the source from the target",
}
"""Flags of usage lines that their rows do not declare, with the reason."""


def declared(row: Command) -> tuple[TargetFlag, ...]:
    return tuple(flag for flag in (row.client, row.source, row.target) if flag is not None)


def complaints(row: Command) -> Iterator[str]:
    """What is wrong with the declarations of a row."""
    letters = [flag.letter for flag in declared(row) if flag.letter]
    for flag in declared(row):
        if flag.letter and f"{flag.letter}:" not in row.flags:
            yield f"-{flag.letter} takes no value"
        for letter, _ in flag.other_kinds:
            if letter not in row.flags:
                yield f"-{letter} is no flag"
        is_client = TargetKind.CLIENT in (flag.kind, *(kind for _, kind in flag.other_kinds))
        if is_client and flag is not row.client:
            yield f"-{flag.letter} names a client, but is not declared as one"
        if flag is row.client and flag.kind not in (TargetKind.CLIENT, TargetKind.NONE):
            yield f"-{flag.letter} is declared as a client, but names none"
    if len(set(letters)) < len(letters):
        yield "a flag is declared twice"
    if "t:" in row.flags and "t" not in letters and (row.name, "t") not in NOT_DECLARED:
        yield "-t is not declared"
    yield from _against_usage(row)


def _against_usage(row: Command) -> Iterator[str]:
    by_letter = {flag.letter: flag.kind for flag in declared(row)}
    shown = dict(
        re.findall(r"\[-(\w) (?:target|src|dst)-(pane|window|session|client)\]", row.usage)
    )
    for letter, what in shown.items():
        fitting = KINDS[what] | {TargetKind.NONE}
        kind = by_letter.get(letter)
        if kind is None:
            if (row.name, letter) not in NOT_DECLARED:
                yield f"-{letter} {what} of the usage line is not declared"
        elif kind not in fitting:
            yield f"-{letter} is a {what} in the usage line, but declared as a {kind.value}"
    for letter in by_letter:
        if letter and letter not in shown:
            yield f"-{letter} is declared, but is no target in the usage line"


@pytest.mark.parametrize("row", table.COMMANDS, ids=lambda row: row.name)
def test_the_declared_targets_fit_flags_and_usage(row: Command) -> None:
    assert list(complaints(row)) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"target": None}, "-t is not declared"),
        ({"flags": "a"}, "-t takes no value"),
        ({"source": TargetFlag("t", TargetKind.PANE)}, "a flag is declared twice"),
        ({"target": TargetFlag("t", TargetKind.WINDOW)}, "-t is a pane in the usage line"),
        ({"target": TargetFlag("t", TargetKind.CLIENT)}, "-t names a client, but is not declared"),
        ({"client": TargetFlag("", TargetKind.PANE)}, "is declared as a client, but names none"),
        (
            {"target": TargetFlag("t", TargetKind.PANE, other_kinds=(("z", TargetKind.SESSION),))},
            "-z is no flag",
        ),
        ({"usage": "[-a]"}, "-t is declared, but is no target in the usage line"),
    ],
)
def test_a_wrong_row_is_complained_about(change: dict[str, object], complaint: str) -> None:
    assert any(
        complaint in found
        for found in complaints(msgspec.structs.replace(kill_pane.COMMAND, **change))
    )


def test_every_exception_is_still_needed() -> None:
    rows = {row.name: row for row in table.COMMANDS}
    for name, letter in NOT_DECLARED:
        assert f"[-{letter} " in rows[name].usage
        assert letter not in [flag.letter for flag in declared(rows[name])]
