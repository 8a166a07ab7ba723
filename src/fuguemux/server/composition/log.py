"""Builds the log: its writer, its threads, and its durability status."""

import os
from typing import NamedTuple

from fuguemux.observe.clock import NS_PER_MS
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.storage.files import MIB
from fuguemux.persistence.wal.writer import LogWriter, WriterOptions
from fuguemux.server.composition.base import Base
from fuguemux.server.output_events import OutputEvents
from fuguemux.server.recovery.boot import watermark_of
from fuguemux.server.storage.durability_status import DurabilityStatus
from fuguemux.server.storage.flusher import Flusher
from fuguemux.server.storage.server_log import ServerLog

IN_MEMORY = WriterOptions(segment_bytes=MIB, first_segment_bytes=MIB, ballast_bytes=0)
"""The options of a log that exists only in memory, for code that expects a log."""


class LogParts(NamedTuple):
    """The log of a server."""

    writer: LogWriter
    flusher: Flusher
    log: ServerLog
    durability: DurabilityStatus


def build_log(base: Base, events: OutputEvents) -> LogParts:
    """Continue the log after what recovery read. Blocks if there was no watermark."""
    booted, persistence = base.booted, base.in_force.persistence
    durability = DurabilityStatus(base.loop)
    writer = LogWriter.start(
        booted.storage,
        f"{booted.state_directory}/wal",
        booted.recovered.log,
        clock_ms=base.clock.wall_ms,
        monotonic_ms=lambda: base.clock.monotonic_ns() // NS_PER_MS,
        entropy=os.urandom,
        on_durability=durability.log_changed,
        options=WriterOptions(segment_bytes=persistence.wal_segment_mb * MIB)
        if persistence.enabled
        else IN_MEMORY,
        watermark=watermark_of(booted),
    )
    reach("recovery.log_begun")
    flusher = Flusher(
        writer,
        base.loop,
        interval_ms=persistence.wal_flush_interval_ms,
        mode=persistence.sync,
        on_congestion=events.congestion_changed,
        on_slow_disk=events.disk_is_slow,
        on_written=events.records_written,
    )
    return LogParts(writer, flusher, ServerLog(writer, flusher, base.in_force.withhold), durability)
