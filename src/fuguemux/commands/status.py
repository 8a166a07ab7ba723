"""status: show the state of the server: its store, its durability, its sessions, its configuration."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.reports import json_line, local_date, required
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

Report = Mapping[str, Any]
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")
HOLDERS_SHOWN: Final = 8
_SYNC: Final = {
    "always": "before it is shown",
    "interval": "changes before the reply, output at intervals",
    "os": "whenever the system decides",
}


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    words = invocation.arguments
    if words not in ((), ("--json",)):
        raise Refused("usage: status [--json]")
    report = required(live.status(), "status")
    lines = (json_line("status", report),) if words else tuple(_lines(live, report))
    return Decision(reply=Reply(lines))


def _lines(live: LiveView, report: Report) -> Iterator[str]:
    rows = [
        *_server(live, report),
        *_loop(live, report["loop"]),
        *_store(live, report),
        *_settings(report),
    ]
    width = max(len(name) for name, _ in rows) + 2
    for name, text in rows:
        yield f"{name:{width}}{text}"


def _server(live: LiveView, report: Report) -> Iterator[tuple[str, str]]:
    formats = ", ".join(f"{name} {number}" for name, number in report["formats"].items())
    yield (
        "version",
        f"fugue {report['version']}, Python {report['python']}, engine {report['engine']}",
    )
    yield "formats", formats
    yield (
        "server",
        f"process {report['pid']}, up {_span(report['uptime_seconds'])}, {report['socket']}",
    )
    yield (
        "sessions",
        f"{report['sessions']}, windows {report['windows']}, panes {report['panes']}, clients {report['clients']}",
    )
    memory = report["memory"]
    keeper = (
        "no keeper"
        if report["keeper_pid"] is None
        else f"keeper {_size(memory['keeper_bytes'])} (process {report['keeper_pid']})"
    )
    yield "memory", f"server {_size(memory['server_bytes'])}, {keeper}"


def _loop(live: LiveView, loop: Report) -> Iterator[tuple[str, str]]:
    """Which holders kept the loop busy for too long, and when the last one did."""
    if not loop["watchdog"]:
        yield (
            "watchdog",
            "none: no thread could be started, and commands that take too long are not ended",
        )
    for number, holder in enumerate(loop["held"][:HOLDERS_SHOWN]):
        ended = f", ended {holder['ended']} times" if holder["ended"] else ""
        yield (
            "" if number else "held up",
            f"by {holder['kind']} {holder['name']}: {holder['count']} times, "
            f"longest {holder['longest_ms'] / 1000:.1f} s, last {holder['last_ms'] / 1000:.1f} s "
            f"at {local_date(live, holder['when_ms'])}{ended}",
        )


def _store(live: LiveView, report: Report) -> Iterator[tuple[str, str]]:
    state, log, last, recovery = (
        report[name] for name in ("state", "log", "checkpoint", "recovery")
    )
    if not state["enabled"]:
        yield "state", "nothing is written to disk: persistence.enabled is false"
        if state["left_from_before"]:
            yield "", f"{state['directory']} is left from before: {_size(state['disk_bytes'])}"
    else:
        yield "state", f"{state['directory']}, {_size(state['disk_bytes'])} on disk"
    if report["quarantine"]["files"]:
        count, size = report["quarantine"]["files"], _size(report["quarantine"]["bytes"])
        yield "quarantine", f"{count} damaged files, {size}: see fugue recovery list"
    if report["panes_not_kept"]:
        names = " ".join(f"%{pane}" for pane in report["panes_not_kept"])
        yield "not kept", f"{names} (persist off)"
    reason = f": {report['durability_reason']}" if report["durability_reason"] else ""
    forced = f"; synced to disk {_SYNC[log['sync']]}" if state["enabled"] else ""
    yield "durability", f"{report['durability']}{reason}{forced}"
    landing = report["landing"]
    if landing["problem"]:
        yield "landing zone", landing["problem"]
    if landing["missing_bytes"]:
        yield "", f"{_size(landing['missing_bytes'])} of output could not be logged"
    yield (
        "log",
        f"records {log['first_lsn']} to {log['last_lsn']}, durable to {log['durable_lsn']}, "
        f"{_size(log['bytes'])} in {log['segments']} files",
    )
    yield (
        "syncs",
        f"{log['syncs']}, p50 {log['sync_p50_ms']:.1f} ms, p99 {log['sync_p99_ms']:.1f} ms, {log['sync_failures']} failed",
    )
    yield "checkpoint", _checkpoint(live, last)
    if last["failure"]:
        yield "", f"the last attempt failed: {last['failure']}"
    yield "scrollback", _scrollback(live, report["scrollback"])
    yield "recovery", f"{recovery['summary']} ({local_date(live, recovery['started_ms'])})"
    if recovery["screens_waiting"]:
        yield "", f"{recovery['screens_waiting']} screens are still being rebuilt"


def _checkpoint(live: LiveView, last: Report) -> str:
    if last["number"] is None:
        return "none yet"
    text = f"{last['number']} at {local_date(live, last['when_ms'])}, record {last['lsn']}, {last['reason']}"
    if last["new_bytes"] is None:
        return text
    return f"{text}, {_size(last['new_bytes'])} in {last['duration_ms']:.0f} ms"


def _scrollback(live: LiveView, found: Report) -> str:
    """Whether the stored scrollback was read and verified, and what is missing."""
    if found["verifying"]:
        text = f"being verified: {_size(found['done_bytes'])} of {_size(found['total_bytes'])}"
    elif found["unverified_bytes"]:
        text = f"not yet verified: {_size(found['unverified_bytes'])}"
    elif found["verified_ms"]:
        text = f"verified at {local_date(live, found['verified_ms'])}"
    else:
        text = "nothing was stored before this start"
    if found["lost_lines"]:
        text += f"; {found['lost_lines']:,} lines cannot be read: see fugue recovery list"
    return text


def _settings(report: Report) -> Iterator[tuple[str, str]]:
    configuration = report["configuration"]
    errors: Sequence[str] = configuration["errors"]
    used = "in use" if configuration["in_use"] else "no such file: the defaults apply"
    if errors:
        used = "has errors; the previous values stay in effect"
    yield "configuration", f"{configuration['file']}: {used}"
    for error in errors:
        yield "error", error
    for key in configuration["needs_restart"]:
        yield "restart", f"{key} was changed and takes effect after a restart"


def _size(count: int | None) -> str:
    if count is None:
        return "unknown"
    value, unit = float(count), 0
    while value >= 1024 and unit + 1 < len(_UNITS):
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} bytes"


def _span(seconds: int) -> str:
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{days} days {clock}" if days else clock


COMMAND: Final = Command(
    name="status",
    alias="",
    flags="",
    usage="[--json]",
    arguments=(0, 1),
    decide=decide,
    help="Show the state of the server, its log and its checkpoints.",
    read_only=True,
    plain_words=True,
)
