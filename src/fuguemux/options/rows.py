"""Short forms for the rows of the table of options."""

from fuguemux.language.numbers import INT_MAX
from fuguemux.options.types import Kind, Option, Scope


def rows(scope: Scope, kind: Kind, *defaults: tuple[str, str], pane: bool = False) -> list[Option]:
    """Options of one scope and kind, as pairs of name and default."""
    return [Option(name, scope, kind, default, pane=pane) for name, default in defaults]


def number(
    scope: Scope, name: str, default: int, low: int = 0, high: int = INT_MAX, unit: str = ""
) -> Option:
    """A whole number from `low` to `high`."""
    return Option(name, scope, "number", str(default), low=low, high=high, unit=unit)


def choice(
    scope: Scope, name: str, default: str, choices: tuple[str, ...], *, pane: bool = False
) -> Option:
    """One of several words."""
    return Option(name, scope, "choice", default, choices=choices, pane=pane)


def array(
    scope: Scope,
    name: str,
    *values: str,
    kind: Kind = "string",
    separators: str = " ,",
    pane: bool = False,
) -> Option:
    """An array with these values. `separators` is that of Option."""
    return Option(name, scope, kind, array=values, separators=separators, pane=pane)
