"""How the server is, as plain data for `fugue status`: every number is read when somebody asks."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from fuguemux.observe.clock import NS_PER_MS, NS_PER_S
from fuguemux.observe.holding import SLOT
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


async def document(server: Server) -> dict[str, Any]:
    """Everything. Times are wall milliseconds. Looks at each file of the state directory, on another thread."""
    booted, configuration = server.booted, server.running_configuration
    measured = await beside(
        "status", _measured, booted.storage, booted.state_directory, configuration.is_gone
    )
    return _document(server, measured)


def _measured(storage: Storage, directory: str, configuration_gone: Callable[[], bool]) -> Measured:
    files, size = quarantine.size(storage, f"{directory}/{QUARANTINE}")
    return Measured(
        disk_bytes(directory),
        os.path.isdir(directory),
        {"files": files, "bytes": size},  # nobody but a person deletes them
        configuration_gone(),
    )


def _document(server: Server, measured: Measured) -> dict[str, Any]:
    state, facts = server.engine.state, server.view.server()
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
        "uptime_seconds": (server.clock.monotonic_ns() - server.view.started_ns) // NS_PER_S,
        "sessions": len(state.sessions),
        "windows": len(state.windows),
        "panes": len(state.panes),
        "panes_not_kept": [terminal.id for terminal in server.panes if not terminal.persist],
        "clients": len(server.viewers.facts()),
        "durability": server.output_events.durability
        if server.configuration.persistence.enabled
        else "off",
        "durability_reason": server.output_events.durability_reason,
        "landing": _landing(server),
        "state": _state(server, measured),
        "quarantine": measured.quarantine,
        "log": _log(server),
        "checkpoint": _checkpoint(server),
        "scrollback": server.output_events.scrubber.document(),
        "recovery": {
            "summary": server.report.summary,
            "cause": server.report.cause,
            "started_ms": server.report.started_ms,
            "duration_ms": round(server.report.duration_ms, 1),
            "screens_waiting": server.rebuilding.left,
        },
        "loop": _loop(server),
        "memory": {
            "server_bytes": resident_bytes(facts.pid),
            "keeper_bytes": None if keeper is None else resident_bytes(keeper.keeper_pid),
            "scrollback_hot_bytes": server.booted.recovered.store.hot_bytes(),
        },
        "configuration": server.running_configuration.document(gone=measured.configuration_gone),
    }


def _engine(server: Server) -> str:
    for terminal in server.panes:
        if terminal.waiting is None:
            return terminal.emulator.engine
    return server.emulators(1, 1).engine


def _landing(server: Server) -> dict[str, Any]:
    """Where output is that is not logged yet, why it is not where it should be, and what could not be logged at all."""
    zone = server.address.zone
    return {
        "path": zone.path,
        "problem": zone.problem,
        "missing_bytes": sum(entry.stop - entry.start for entry in server.output.missing.entries),
    }


def _state(server: Server, measured: Measured) -> dict[str, Any]:
    enabled = server.configuration.persistence.enabled
    return {
        "enabled": enabled,
        "directory": server.booted.state_directory,
        "disk_bytes": measured.disk_bytes,
        "left_from_before": not enabled and measured.there,
    }


def _log(server: Server) -> dict[str, Any]:
    writer, times = server.writer, server.flusher.sync_times()
    return {
        "first_lsn": writer.segments.first_lsn,
        "last_lsn": writer.state.next_lsn - 1,
        "durable_lsn": server.flusher.durable_lsn,
        "bytes": writer.segments.bytes_since(writer.segments.first_lsn),
        "segments": writer.segments.count,
        "sync": server.flusher.mode,
        "syncs": times.syncs,
        "sync_p50_ms": round(times.p50_ms, 3),
        "sync_p99_ms": round(times.p99_ms, 3),
        "sync_failures": writer.state.fsync_failures,
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


def resident_bytes(pid: int) -> int | None:
    """The physical memory of a process; None where the system does not tell (no /proc)."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as source:
            return int(source.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
