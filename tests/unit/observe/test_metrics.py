"""Metrics: one table, and percentiles that are samples."""

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.observe import metrics
from fuguemux.observe.metrics import METRICS, Metrics, Ring


def test_every_metric_is_declared_once_with_its_unit() -> None:
    assert len({row.name for row in METRICS}) == len(METRICS)
    for row in METRICS:
        assert row.meaning.endswith(".")
        suffix = {"us": "_us", "ms": "_ms", "B": "bytes"}.get(row.unit, "")
        assert row.name.endswith(suffix)


def test_a_snapshot_has_all_of_them() -> None:
    own = Metrics()
    own.counter("commands").add()
    own.counter("output_bytes").add(5)
    own.gauge("panes").set(3)
    own.ring("commit_us").record(7)
    found = own.snapshot()
    assert list(found) == [row.name for row in METRICS]
    assert (found["commands"], found["output_bytes"], found["panes"]) == (1, 5, 3)
    assert found["commit_us"] == {"count": 1, "p50": 7, "p99": 7}
    assert found["wal_fsync_us"] == {"count": 0, "p50": None, "p99": None}


@pytest.mark.parametrize("kind", ["counter", "gauge", "ring"])
def test_an_undeclared_name_is_a_mistake(kind: str) -> None:
    with pytest.raises(KeyError):
        getattr(Metrics(), kind)("no_such_metric")


@given(st.lists(st.integers(0, 10**9), min_size=1), st.integers(0, 100), st.integers(1, 20))
def test_a_percentile_is_the_smallest_sample_that_covers_it(
    samples: list[int], percent: int, samples_max: int
) -> None:
    ring = Ring()
    with mock.patch.object(metrics, "SAMPLES_MAX", samples_max):
        for sample in samples:
            ring.record(sample)
    kept = samples[-samples_max:]
    found = ring.percentile(percent)
    assert found in kept
    assert sum(sample <= found for sample in kept) * 100 >= percent * len(kept)
    assert sum(sample < found for sample in kept) * 100 < percent * len(kept) or found == min(kept)
    assert ring.count == len(samples)
