"""The metrics of a server, declared in one place. `fugue status` shows them.

Values that need the disk are not among them, because metrics are read on the event loop.
"""

import os
from collections.abc import Callable

from fuguemux.model.state import ServerState
from fuguemux.observe.metrics import Metrics
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.wal.segments import Segments
from fuguemux.persistence.wal.state import LogState
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.processes.process_table import resident_bytes
from fuguemux.server.processes.processes import Processes
from fuguemux.server.recovery.rebuilding import Rebuilding
from fuguemux.server.storage.flusher import Flusher


def server_metrics(
    state: Callable[[], ServerState],
    uptime_seconds: Callable[[], int],
    viewers: Viewers,
    output: PaneOutput,
    rebuilding: Rebuilding,
    store: ScrollbackStore,
    processes: Processes,
) -> Metrics:
    """Declare the metrics of sessions and memory. `log_metrics` adds those of the log."""

    def keeper_bytes() -> int | None:
        keeper = processes.keeper
        return None if keeper is None else resident_bytes(keeper.keeper_pid)

    found = Metrics()
    found.counter(
        "uptime_seconds", "seconds", "The time since the start of the server.", uptime_seconds
    )
    found.gauge("sessions", "", "Sessions.", lambda: len(state().sessions))
    found.gauge("windows", "", "Windows.", lambda: len(state().windows))
    found.gauge("panes", "", "Panes.", lambda: len(state().panes))
    found.gauge("clients", "", "Attached clients.", lambda: len(viewers.facts()))
    found.gauge(
        "output_missing_bytes",
        "bytes",
        "Output that was shown but could not be logged.",
        lambda: sum(entry.stop - entry.start for entry in output.missing.entries),
    )
    found.gauge("screens_waiting", "", "Screens that wait to be rebuilt.", lambda: rebuilding.left)
    found.gauge(
        "server_memory_bytes",
        "bytes",
        "Physical memory of the server process.",
        lambda: resident_bytes(os.getpid()),
    )
    found.gauge(
        "keeper_memory_bytes", "bytes", "Physical memory of the keeper process.", keeper_bytes
    )
    found.gauge(
        "scrollback_hot_bytes",
        "bytes",
        "Memory of the newest lines of scrollback, which are not compressed.",
        store.hot_bytes,
    )
    return found


def log_metrics(found: Metrics, state: LogState, segments: Segments, flusher: Flusher) -> None:
    """Declare the metrics of the log."""
    found.gauge(
        "log_first_lsn", "", "The first record that the log holds.", lambda: segments.first_lsn
    )
    found.counter("log_last_lsn", "", "The last record of the log.", lambda: state.next_lsn - 1)
    found.counter(
        "log_durable_lsn",
        "",
        "The last durable record of the log.",
        lambda: flusher.durable_lsn,
    )
    found.gauge(
        "log_bytes",
        "bytes",
        "Size of the log.",
        lambda: segments.bytes_since(segments.first_lsn),
    )
    found.gauge("log_segments", "", "Files of the log.", lambda: segments.count)
    found.counter("log_syncs", "", "Syncs of the log.", lambda: flusher.sync_times().syncs)
    found.counter(
        "log_sync_failures", "", "Syncs of the log that failed.", lambda: state.fsync_failures
    )
    found.gauge(
        "log_sync_p50_ms",
        "ms",
        "The median duration of the latest syncs.",
        lambda: flusher.sync_times().p50_ms,
    )
    found.gauge(
        "log_sync_p99_ms",
        "ms",
        "The 99th percentile of the durations of the latest syncs.",
        lambda: flusher.sync_times().p99_ms,
    )
