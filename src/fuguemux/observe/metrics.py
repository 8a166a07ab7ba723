"""The numbers that the server reports about itself. Each is declared once, with its unit and its meaning, and read on
request.

Nothing is counted here: the module that does the work has the number, and a metric says how to read it.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

Kind = Literal["counter", "gauge"]
"""A counter only increases during the life of a server. A gauge is a present value."""
Unit = Literal["", "bytes", "ms", "seconds"]
"""Without a unit it is a number of things, or an LSN."""
Reading = int | float | None
"""None if the system does not tell."""


class Counter:
    """Counts events on any thread; begins with 0."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def add(self, amount: int = 1) -> None:
        """Add `amount`."""
        self.value += amount


class Metric(NamedTuple):
    """One number. `read` returns its present value. It is called on the event loop and must not block."""

    name: str
    kind: Kind
    unit: Unit
    meaning: str
    read: Callable[[], Reading]


class Metrics:
    """The metrics of one server, in the order of their declaration."""

    def __init__(self) -> None:
        self._rows: dict[str, Metric] = {}

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._rows.values())

    def __getitem__(self, name: str) -> Reading:
        """Read a metric. Raises KeyError for a name that was not declared."""
        return self._rows[name].read()

    def counter(self, name: str, unit: Unit, meaning: str, read: Callable[[], Reading]) -> None:
        """Declare a number that only increases. Raises ValueError as `gauge` does."""
        self._declare(Metric(name, "counter", unit, meaning, read))

    def gauge(self, name: str, unit: Unit, meaning: str, read: Callable[[], Reading]) -> None:
        """Declare a present value. Raises ValueError for a name that exists already, or that does not end with its unit."""
        self._declare(Metric(name, "gauge", unit, meaning, read))

    def _declare(self, metric: Metric) -> None:
        if metric.name in self._rows:
            raise ValueError(f"{metric.name} is declared twice")
        if metric.unit and not metric.name.endswith(f"_{metric.unit}"):
            raise ValueError(f"the name {metric.name} does not end with its unit, {metric.unit}")
        self._rows[metric.name] = metric
