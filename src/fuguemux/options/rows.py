"""Short constructors for rows of the option table."""

from fuguemux.language.numbers import INT_MAX
from fuguemux.options.types import Kind, Option, Scope


def rows(scope: Scope, kind: Kind, *defaults: tuple[str, str], pane: bool = False) -> list[Option]:
    """Several options of one scope and kind, each given as name and default."""
    return [Option(name, scope, kind, default, pane=pane) for name, default in defaults]


def number(
    scope: Scope, name: str, default: int, low: int = 0, high: int = INT_MAX, unit: str = ""
) -> Option:
    """An option whose value is a whole number from `low` to `high`."""
    return Option(name, scope, "number", str(default), low=low, high=high, unit=unit)


def choice(
    scope: Scope, name: str, default: str, choices: tuple[str, ...], *, pane: bool = False
) -> Option:
    """An option whose value is one of `choices`."""
    return Option(name, scope, "choice", default, choices=choices, pane=pane)


def array(
    scope: Scope,
    name: str,
    *values: str,
    kind: Kind = "string",
    separators: str = " ,",
    pane: bool = False,
) -> Option:
    """An array option with these default values."""
    return Option(name, scope, kind, array=values, separators=separators, pane=pane)
