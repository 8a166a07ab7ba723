"""Metrics: one table, and percentiles that are samples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.observe.metrics import METRICS, SAMPLES_MAX, Metrics, Ring


def test_every_metric_is_declared_once_with_its_unit() -> None:
    assert len({row.name for row in METRICS}) == len(METRICS)
    for row in METRICS:
        assert row.meaning.endswith(".")
        suffix = {"us": "_us", "ms": "_ms", "B": "bytes"}.get(row.unit, "")
        assert row.name.endswith(suffix)


def test_a_snapshot_has_all_of_them() -> None:
    metrics = Metrics()
    metrics.counter("commands").add()
    metrics.counter("output_bytes").add(5)
    metrics.gauge("panes").set(3)
    metrics.ring("commit_us").record(7)
    found = metrics.snapshot()
    assert list(found) == [row.name for row in METRICS]
    assert (found["commands"], found["output_bytes"], found["panes"]) == (1, 5, 3)
    assert found["commit_us"] == {"count": 1, "p50": 7, "p99": 7}
    assert found["wal_fsync_us"] == {"count": 0, "p50": None, "p99": None}


@pytest.mark.parametrize("kind", ["counter", "gauge", "ring"])
def test_an_undeclared_name_is_a_mistake(kind: str) -> None:
    with pytest.raises(KeyError):
        getattr(Metrics(), kind)("no_such_metric")


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=3_000), st.integers(0, 100))
def test_a_percentile_is_the_smallest_sample_that_covers_it(
    samples: list[int], percent: int
) -> None:
    ring = Ring()
    for sample in samples:
        ring.record(sample)
    kept = samples[-SAMPLES_MAX:]
    found = ring.percentile(percent)
    assert found in kept
    assert sum(sample <= found for sample in kept) * 100 >= percent * len(kept)
    assert sum(sample < found for sample in kept) * 100 < percent * len(kept) or found == min(kept)
    assert ring.count == len(samples)
