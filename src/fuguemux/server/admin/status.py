"""How the server is, as plain data for `fugue status`. Its numbers are the metrics, and what a look at the disk gives."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from fuguemux.observe.clock import NS_PER_MS
from fuguemux.observe.holding import SLOT
from fuguemux.observe.metrics import Metrics
from fuguemux.persistence.checkpoint import manifest
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.serialization import EVENTS_VERSION
from fuguemux.persistence.storage.set_aside import QUARANTINE
from fuguemux.persistence.wal import quarantine, segment
from fuguemux.protocol.messages import VERSION_MAX
from fuguemux.server.work.file_threads import beside

if TYPE_CHECKING:
    from fuguemux.server.main import Server

BLOCK_BYTES = 512
"""The unit of st_blocks, whatever the file system's own is: stat(2)."""


class Measured(NamedTuple):
    """What takes a look at the disk to know."""

    disk_bytes: int
    there: bool
    """Whether the state directory exists."""
    quarantine: dict[str, int]
    configuration_gone: bool


async def document(server: Server, metrics: Metrics) -> dict[str, Any]:
    """Everything. Times are wall milliseconds. Looks at each file of the state directory, on another thread."""
    booted, configuration = server.booted, server.running_configuration
    measured = await beside(
        "status", _measured, booted.storage, booted.state_directory, configuration.is_gone
    )
    return _document(server, metrics, measured)


def _measured(storage: Storage, directory: str, configuration_gone: Callable[[], bool]) -> Measured:
    files, size = quarantine.size(storage, f"{directory}/{QUARANTINE}")
    return Measured(
        disk_bytes(directory),
        os.path.isdir(directory),
        {"files": files, "bytes": size},  # nobody but a person deletes them
        configuration_gone(),
    )


def _document(server: Server, metrics: Metrics, measured: Measured) -> dict[str, Any]:
    facts = server.view.server()
    keeper = server.processes.keeper
    return {
        "version": facts.version,
        "python": platform.python_version(),
        "engine": _engine(server),
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
        "panes_not_kept": [terminal.id for terminal in server.panes if not terminal.persist],
        "clients": metrics["clients"],
        "durability": server.output_events.durability
        if server.configuration.persistence.enabled
        else "off",
        "durability_reason": server.output_events.durability_reason,
        "landing": _landing(server, metrics),
        "state": _state(server, measured),
        "quarantine": measured.quarantine,
        "log": _log(server, metrics),
        "checkpoint": _checkpoint(server),
        "scrollback": server.output_events.scrubber.document(),
        "recovery": {
            "summary": server.report.summary,
            "cause": server.report.cause,
            "started_ms": server.report.started_ms,
            "duration_ms": round(server.report.duration_ms, 1),
            "screens_waiting": metrics["screens_waiting"],
        },
        "loop": _loop(server),
        "memory": {
            "server_bytes": metrics["server_memory_bytes"],
            "keeper_bytes": metrics["keeper_memory_bytes"],
            "scrollback_hot_bytes": metrics["scrollback_hot_bytes"],
        },
        "configuration": server.running_configuration.document(gone=measured.configuration_gone),
    }


def _engine(server: Server) -> str:
    for terminal in server.panes:
        if terminal.waiting is None:
            return terminal.emulator.engine
    return server.emulators(1, 1).engine


def _landing(server: Server, metrics: Metrics) -> dict[str, Any]:
    """Where output is that is not logged yet, why it is not where it should be, and what could not be logged at all."""
    zone = server.address.zone
    return {
        "path": zone.path,
        "problem": zone.problem,
        "missing_bytes": metrics["output_missing_bytes"],
    }


def _state(server: Server, measured: Measured) -> dict[str, Any]:
    enabled = server.configuration.persistence.enabled
    return {
        "enabled": enabled,
        "directory": server.booted.state_directory,
        "disk_bytes": measured.disk_bytes,
        "left_from_before": not enabled and measured.there,
    }


def _log(server: Server, metrics: Metrics) -> dict[str, Any]:
    return {
        "first_lsn": metrics["log_first_lsn"],
        "last_lsn": metrics["log_last_lsn"],
        "durable_lsn": metrics["log_durable_lsn"],
        "bytes": metrics["log_bytes"],
        "segments": metrics["log_segments"],
        "sync": server.flusher.mode,
        "syncs": metrics["log_syncs"],
        "sync_p50_ms": round(metrics["log_sync_p50_ms"] or 0.0, 3),
        "sync_p99_ms": round(metrics["log_sync_p99_ms"] or 0.0, 3),
        "sync_failures": metrics["log_sync_failures"],
    }


def _checkpoint(server: Server) -> dict[str, Any]:
    """The last one of this server's life; before it, what the start began from."""
    last = server.checkpointer.last
    if last is not None:
        found = {
            "number": last.number,
            "when_ms": last.when_ms,
            "lsn": last.lsn,
            "new_bytes": last.new_bytes,
            "duration_ms": round(last.duration_ms, 1),
            "reason": last.reason,
        }
    elif server.series.generations:
        newest = server.series.generations[0]
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
    return {**found, "failure": server.checkpointer.failure}


def _loop(server: Server) -> dict[str, Any]:
    """Who held the loop for too long, the latest first."""
    now_ns, now_ms = server.clock.monotonic_ns(), server.clock.wall_ms()
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
    """What the files below `directory` take on the disk, as far as they can be seen."""
    total = 0
    for path, _directories, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):  # it was removed meanwhile
                total += os.lstat(os.path.join(path, name)).st_blocks * BLOCK_BYTES
    return total
