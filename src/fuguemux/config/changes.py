"""Compares two configurations: what differs, which changes take effect at once, and how people are told."""

from collections.abc import Sequence
from typing import Any

import msgspec

from fuguemux.config.options import OPTIONS, ConfigOption, as_toml, value_of, with_values
from fuguemux.config.schema import Configuration


class Change(msgspec.Struct, frozen=True):
    """One option whose value changed."""

    option: ConfigOption
    old: Any
    new: Any

    def __str__(self) -> str:
        """`checkpoint_interval_secs 30 → 10`, or `state_dir needs a restart`."""
        if not self.option.live:
            return f"{self.option.name} needs a restart"
        return f"{self.option.name} {_short(self.old)} → {_short(self.new)}"


def _short(value: Any) -> str:
    return value if isinstance(value, str) and value else as_toml(value)


def changes(old: Configuration, new: Configuration) -> tuple[Change, ...]:
    """Every difference, in the order of declaration."""
    return tuple(
        Change(option, value_of(old, option), value_of(new, option))
        for option in OPTIONS
        if value_of(old, option) != value_of(new, option)
    )


def applied(running: Configuration, new: Configuration) -> Configuration:
    """Return the configuration of a running server after a reload: `new`, with `running`'s values where a change needs a
    restart.
    """
    return with_values(
        {
            change.option.key: change.old
            for change in changes(running, new)
            if not change.option.live
        },
        new,
    )


def announcement(found: Sequence[Change]) -> str:
    """One line for people, with changes that take effect at once first: `checkpoint_interval_secs 30 → 10; state_dir
    needs a restart`.
    """
    ordered = sorted(found, key=lambda change: not change.option.live)
    return "; ".join(map(str, ordered)) if found else "nothing changed"
