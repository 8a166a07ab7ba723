"""Metrics are declared once, with a unit in the name, and read on request."""

import pytest

from fuguemux.observe.metrics import Counter, Metrics


def test_a_metric_is_read_when_somebody_asks() -> None:
    counted = Counter()
    metrics = Metrics()
    metrics.counter("lines", "", "Lines.", lambda: counted.value)
    metrics.gauge("memory_bytes", "bytes", "Memory.", lambda: None)
    assert metrics["lines"] == 0
    counted.add(2)
    counted.add()
    assert (metrics["lines"], metrics["memory_bytes"]) == (3, None)
    assert [(row.name, row.kind, row.unit, row.meaning) for row in metrics] == [
        ("lines", "counter", "", "Lines."),
        ("memory_bytes", "gauge", "bytes", "Memory."),
    ]


def test_an_undeclared_name_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Metrics()["no_such_metric"]


def test_a_name_is_declared_once_and_ends_with_its_unit() -> None:
    metrics = Metrics()
    metrics.gauge("panes", "", "Panes.", lambda: 1)
    with pytest.raises(ValueError, match="declared twice"):
        metrics.counter("panes", "", "Panes.", lambda: 1)
    with pytest.raises(ValueError, match="does not end with its unit"):
        metrics.gauge("delay", "ms", "Delay.", lambda: 1)
