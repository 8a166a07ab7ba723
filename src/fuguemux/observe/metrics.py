"""What the server counts and measures: one table, and the small values that hold it. Cheap enough for the hot path.

Updates are plain attribute and list stores, so the loop and the fsync thread may both make them; a reader may see a
ring in the middle of an update, which costs nothing but one stale sample.
"""

from typing import Any, Final, Literal

import msgspec

Unit = Literal["", "B", "ms", "us", "lines"]
SAMPLES_MAX: Final = 1_024
"""How many of the latest samples a ring keeps; percentiles are of these."""


class Counter:
    """Only ever grows, from 0 at the start of the process."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        """Start at 0."""
        self.value = 0

    def add(self, amount: int = 1) -> None:
        """Count `amount` more."""
        self.value += amount


class Gauge:
    """What is so now."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        """Start at 0."""
        self.value = 0

    def set(self, value: int) -> None:
        """Replace the value."""
        self.value = value


class Ring:
    """The latest SAMPLES_MAX measurements."""

    __slots__ = ("_next", "_samples", "count")

    def __init__(self) -> None:
        """Start without samples."""
        self._samples: list[int] = []
        self._next = 0
        self.count = 0
        """All samples ever recorded."""

    def record(self, sample: int) -> None:
        """Keep `sample`, forgetting the oldest when full."""
        if len(self._samples) < SAMPLES_MAX:
            self._samples.append(sample)
        else:
            self._samples[self._next] = sample
            self._next = (self._next + 1) % SAMPLES_MAX
        self.count += 1

    def percentile(self, percent: int) -> int | None:
        """The smallest kept sample that at least `percent` % of the kept samples do not exceed; None without any."""
        ordered = sorted(self._samples)
        if not ordered:
            return None
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


class Metric(msgspec.Struct, frozen=True):
    """A row of the table."""

    name: str
    kind: Literal["counter", "gauge", "ring"]
    unit: Unit
    meaning: str


METRICS: Final = (
    Metric("wal_records", "counter", "", "Records appended to the log."),
    Metric("wal_bytes", "counter", "B", "Bytes appended to the log, padding included."),
    Metric("wal_write_us", "ring", "us", "One write of a batch to the log, to the kernel only."),
    Metric("wal_fsync_us", "ring", "us", "One fdatasync of the log, on its thread."),
    Metric(
        "wal_fsync_failures",
        "counter",
        "",
        "Failed fdatasyncs; each made the log move to a new segment.",
    ),
    Metric("wal_segments_rotated", "counter", "", "Segments that were full and sealed."),
    Metric("commit_us", "ring", "us", "A structural change, from decision to durable."),
    Metric("checkpoints", "counter", "", "Checkpoints published."),
    Metric(
        "checkpoint_failures", "counter", "", "Checkpoints given up; nothing was changed by them."
    ),
    Metric("checkpoint_ms", "ring", "ms", "One checkpoint, from its start to its manifest."),
    Metric("checkpoint_bytes", "ring", "B", "Bytes that one checkpoint wrote."),
    Metric("tick_us", "ring", "us", "One turn of the event loop that read pane output."),
    Metric("output_bytes", "counter", "B", "Bytes that panes wrote."),
    Metric(
        "output_paused",
        "counter",
        "",
        "Times a pane was not read because too much was not yet durable.",
    ),
    Metric("frames", "counter", "", "Screen updates sent to attached clients."),
    Metric("frame_bytes", "counter", "B", "Bytes of these updates."),
    Metric("viewers_dropped", "counter", "", "Attached clients dropped because they did not read."),
    Metric("commands", "counter", "", "Commands answered."),
    Metric("commands_refused", "counter", "", "Commands that were answered with an error."),
    Metric(
        "peers_broken",
        "counter",
        "",
        "Connections closed because the other side broke the protocol.",
    ),
    Metric("sessions", "gauge", "", "Sessions."),
    Metric("panes", "gauge", "", "Panes."),
    Metric("clients", "gauge", "", "Attached clients."),
    Metric("state_bytes", "gauge", "B", "Size of the state directory at the last checkpoint."),
    Metric(
        "diagnostics_lost",
        "counter",
        "",
        "Lines that could not be written to the diagnostics file.",
    ),
    Metric("config_reloads", "counter", "", "Configurations applied."),
    Metric("config_reload_failures", "counter", "", "Configurations refused."),
)


class Metrics:
    """The values of all METRICS of one server. An undeclared name, or one of another kind, raises KeyError."""

    def __init__(self) -> None:
        """Make every metric at zero."""
        self._counters = {row.name: Counter() for row in METRICS if row.kind == "counter"}
        self._gauges = {row.name: Gauge() for row in METRICS if row.kind == "gauge"}
        self._rings = {row.name: Ring() for row in METRICS if row.kind == "ring"}

    def counter(self, name: str) -> Counter:
        """The counter `name`. Look it up once and keep it."""
        return self._counters[name]

    def gauge(self, name: str) -> Gauge:
        """The gauge `name`."""
        return self._gauges[name]

    def ring(self, name: str) -> Ring:
        """The ring `name`."""
        return self._rings[name]

    def snapshot(self) -> dict[str, Any]:
        """Everything as plain data, in the order of the table; a ring as count, p50 and p99 (None without samples)."""
        found: dict[str, Any] = {}
        for row in METRICS:
            match row.kind:
                case "counter":
                    found[row.name] = self._counters[row.name].value
                case "gauge":
                    found[row.name] = self._gauges[row.name].value
                case "ring":
                    ring = self._rings[row.name]
                    found[row.name] = {
                        "count": ring.count,
                        "p50": ring.percentile(50),
                        "p99": ring.percentile(99),
                    }
        return found
