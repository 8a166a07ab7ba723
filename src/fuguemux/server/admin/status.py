"""The state of the server as plain data for `fugue status`. Combines the metrics with facts that must be read from
disk."""

import contextlib
import os
import platform
from collections.abc import Callable
from typing import Any, NamedTuple

from fuguemux.model.live import LiveView
from fuguemux.observe.clock import NS_PER_MS, Clock
from fuguemux.observe.holding import SLOT
from fuguemux.observe.metrics import Metrics
from fuguemux.persistence.checkpoint import manifest
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.serialization import EVENTS_VERSION
from fuguemux.persistence.storage.set_aside import QUARANTINE
from fuguemux.persistence.wal import quarantine, segment
from fuguemux.protocol.messages import VERSION_MAX
from fuguemux.server.admin.configuration import RunningConfiguration
from fuguemux.server.output.zone_place import ZoneKept
from fuguemux.server.panes.panes import Panes
from fuguemux.server.processes.processes import Processes
from fuguemux.server.storage.checkpointer import Checkpointer
from fuguemux.server.storage.durability_status import DurabilityStatus
from fuguemux.server.storage.flusher import Flusher
from fuguemux.server.storage.scrubber import Scrubber
from fuguemux.server.work.file_threads import beside
from fuguemux.terminal.emulator import EmulatorFactory

BLOCK_BYTES = 512
"""The unit of st_blocks, independent of the file system's block size: stat(2)."""


class Measured(NamedTuple):
    """Facts that must be read from disk."""

    disk_bytes: int
    there: bool
    """Whether the state directory exists."""
    quarantine: dict[str, int]
    configuration_gone: bool


class StatusPanes(NamedTuple):
    """The panes, where their output is stored first, and their processes."""

    panes: Panes
    emulators: EmulatorFactory
    zone: ZoneKept
    processes: Processes


class SavedFacts(NamedTuple):
    """What is stored on disk beside the log, and how this start recovered it."""

    storage: Storage
    directory: str
    """The state directory in use."""
    series: CheckpointSeries
    checkpointer: Checkpointer
    scrubber: Scrubber
    report: RecoveryReport


class Status:
    """Belongs to the loop."""

    def __init__(
        self,
        metrics: Metrics,
        live: LiveView,
        clock: Clock,
        configuration: RunningConfiguration,
        durability: DurabilityStatus,
        flusher: Flusher,
        panes: StatusPanes,
        saved: SavedFacts,
    ) -> None:
        self._metrics = metrics
        self._live = live
        self._clock = clock
        self._configuration = configuration
        self._durability = durability
        self._flusher = flusher
        self._panes = panes
        self._saved = saved

    async def document(self) -> dict[str, Any]:
        """The whole status. Times are wall milliseconds. Reads facts about each file of the state directory, on
        another thread."""
        saved = self._saved
        measured = await beside(
            "status", _measured, saved.storage, saved.directory, self._configuration.is_gone
        )
        return self._document(measured)

    def _document(self, measured: Measured) -> dict[str, Any]:
        facts, metrics = self._live.server(), self._metrics
        panes, saved, durability = self._panes, self._saved, self._durability
        persistence = self._configuration.in_force.persistence
        keeper = panes.processes.keeper
        return {
            "version": facts.version,
            "python": platform.python_version(),
            "engine": _engine(panes),
            "formats": {
                "log": segment.MAJOR,
                "checkpoint": manifest.MAJOR,
                "events": EVENTS_VERSION,
                "protocol": VERSION_MAX,
            },
            "pid": facts.pid,
            "keeper_pid": keeper.keeper_pid if keeper is not None else None,
            "socket": facts.socket_path,
            "started_ms": facts.started_s * 1000,
            "uptime_seconds": metrics["uptime_seconds"],
            "sessions": metrics["sessions"],
            "windows": metrics["windows"],
            "panes": metrics["panes"],
            "panes_not_kept": [terminal.id for terminal in panes.panes if not terminal.persist],
            "clients": metrics["clients"],
            "durability": durability.now if persistence.enabled else "off",
            "durability_reason": durability.reason,
            "landing": _landing(panes.zone, metrics),
            "state": {
                "enabled": persistence.enabled,
                "directory": saved.directory,
                "disk_bytes": measured.disk_bytes,
                "left_from_before": not persistence.enabled and measured.there,
            },
            "quarantine": measured.quarantine,
            "log": _log(self._flusher.mode, metrics),
            "checkpoint": _checkpoint(saved),
            "scrollback": saved.scrubber.document(),
            "recovery": {
                "summary": saved.report.summary,
                "cause": saved.report.cause,
                "started_ms": saved.report.started_ms,
                "duration_ms": round(saved.report.duration_ms, 1),
                "screens_waiting": metrics["screens_waiting"],
            },
            "loop": _loop(self._clock),
            "memory": {
                "server_bytes": metrics["server_memory_bytes"],
                "keeper_bytes": metrics["keeper_memory_bytes"],
                "scrollback_hot_bytes": metrics["scrollback_hot_bytes"],
            },
            "configuration": self._configuration.document(gone=measured.configuration_gone),
        }


def _measured(storage: Storage, directory: str, configuration_gone: Callable[[], bool]) -> Measured:
    files, size = quarantine.size(storage, f"{directory}/{QUARANTINE}")
    return Measured(
        disk_bytes(directory),
        os.path.isdir(directory),
        {"files": files, "bytes": size},  # only a user deletes them
        configuration_gone(),
    )


def _engine(parts: StatusPanes) -> str:
    for terminal in parts.panes:
        if terminal.waiting is None:
            return terminal.emulator.engine
    return parts.emulators(1, 1).engine


def _landing(zone: ZoneKept, metrics: Metrics) -> dict[str, Any]:
    """Where unlogged output is, why the landing zone is not at its usual place, and how much output could not be
    logged at all."""
    return {
        "path": zone.path,
        "problem": zone.problem,
        "missing_bytes": metrics["output_missing_bytes"],
    }


def _log(sync: str, metrics: Metrics) -> dict[str, Any]:
    return {
        "first_lsn": metrics["log_first_lsn"],
        "last_lsn": metrics["log_last_lsn"],
        "durable_lsn": metrics["log_durable_lsn"],
        "bytes": metrics["log_bytes"],
        "segments": metrics["log_segments"],
        "sync": sync,
        "syncs": metrics["log_syncs"],
        "sync_p50_ms": round(metrics["log_sync_p50_ms"] or 0.0, 3),
        "sync_p99_ms": round(metrics["log_sync_p99_ms"] or 0.0, 3),
        "sync_failures": metrics["log_sync_failures"],
    }


def _checkpoint(parts: SavedFacts) -> dict[str, Any]:
    """The last checkpoint of this server, or the one that the start used."""
    last = parts.checkpointer.last
    if last is not None:
        found = {
            "number": last.number,
            "when_ms": last.when_ms,
            "lsn": last.lsn,
            "new_bytes": last.new_bytes,
            "duration_ms": round(last.duration_ms, 1),
            "reason": last.reason,
        }
    elif parts.series.generations:
        newest = parts.series.generations[0]
        found = {
            "number": newest.number,
            "when_ms": newest.created_ms,
            "lsn": newest.structure_lsn,
            "new_bytes": None,
            "duration_ms": None,
            "reason": newest.reason,
        }
    else:
        found = dict.fromkeys(("number", "when_ms", "lsn", "new_bytes", "duration_ms", "reason"))
    return {**found, "failure": parts.checkpointer.failure}


def _loop(clock: Clock) -> dict[str, Any]:
    """The holders that kept the loop busy for too long, the latest first."""
    now_ns, now_ms = clock.monotonic_ns(), clock.wall_ms()
    return {
        "watchdog": SLOT.watched,
        "held": [
            {
                "kind": holder.kind,
                "name": holder.name,
                "count": holder.count,
                "ended": holder.ended,
                "last_ms": holder.last_ms,
                "longest_ms": holder.longest_ms,
                "when_ms": now_ms - (now_ns - holder.last_ns) // NS_PER_MS,
            }
            for holder in reversed(SLOT.holders())
        ],
    }


def disk_bytes(directory: str) -> int:
    """The disk space that the files below `directory` take, without files that cannot be examined."""
    total = 0
    for path, _directories, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):  # the file was removed meanwhile
                total += os.lstat(os.path.join(path, name)).st_blocks * BLOCK_BYTES
    return total
