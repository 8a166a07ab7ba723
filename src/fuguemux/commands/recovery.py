"""recovery: what the server found when it started, what it brought back, and what was lost.

The server's document `recovery` is a list of reports as plain data, the newest first; `show N` counts from 1.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fuguemux.commands.command import Command, Invocation
from fuguemux.commands.numbers import number
from fuguemux.commands.reports import document, json_line, local_date, table
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

Report = Mapping[str, Any]
_USAGE: Final = "usage: recovery [--json] [list | show N]"


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    words = [word for word in invocation.arguments if word != "--json"]
    as_json = len(words) < len(invocation.arguments)
    reports = _reports(live)
    if words == ["list"]:
        if as_json:
            return _lines(json_line("recoveries", reports))
        return _lines(*_history(live, reports))
    place = 1
    if words:
        if words[0] != "show" or len(words) != 2:
            raise Refused(_USAGE)
        place = number("recovery number", words[1], 1, 2**31 - 1)
    if place > len(reports):
        raise Refused(f"no recovery {place}: {len(reports)} are kept")
    report = reports[place - 1]
    if as_json:
        return _lines(json_line("recovery", report))
    return _lines(*told(live, report))


def _reports(live: LiveView) -> Sequence[Report]:
    found = document(live, "recovery")
    return [found] if isinstance(found, Mapping) else found


def _lines(*lines: str) -> Decision:
    return Decision(reply=Reply(lines))


def _history(live: LiveView, reports: Sequence[Report]) -> tuple[str, ...]:
    rows = [
        (
            str(place),
            local_date(live, report["started_ms"]),
            "clean" if report["clean"] else "crash",
            str(report["records_replayed"]),
            f"{report['duration_ms']:.0f} ms",
            _loss(report),
        )
        for place, report in enumerate(reports, 1)
    ]
    return table(("N", "STARTED", "LAST STOP", "RECORDS", "TIME", "LOST"), rows)


def told(live: LiveView, report: Report) -> tuple[str, ...]:
    """One recovery: a few lines on the whole, then a table of the panes."""
    lines = [
        f"started {local_date(live, report['started_ms'])}",
        f"last stop: {'clean' if report['clean'] else 'not clean'}"
        + (f" ({report['cause']})" if report.get("cause") else ""),
        f"replayed {report['records_replayed']} records in {report['duration_ms']:.0f} ms"
        f" from checkpoint {_or_none(report.get('checkpoint'))}",
        f"lost: {_loss(report)}",
    ]
    lines += [f"lost records: LSN {_range(lost)}" for lost in report.get("lost", ())]
    lines += [f"damage: {_damage(damage)}" for damage in report.get("damages", ())]
    lines += [f"note: {note}" for note in report.get("notes", ())]
    panes = report.get("panes", ())
    if panes:
        lines += ["", *table(("PANE", "WHERE", "STATUS", "LOST", "REASON"), list(map(_row, panes)))]
    return tuple(lines)


def _row(pane: Report) -> tuple[str, ...]:
    lost = f"{pane['lost_bytes']} bytes" if pane.get("lost_bytes") else "nothing"
    if pane.get("lost_lines"):
        lost += f", {pane['lost_lines']} lines"
    return (
        f"%{pane['pane']}",
        f"{pane.get('session', '')}:{pane.get('window', '')}",
        str(pane["status"]),
        lost,
        str(pane.get("reason", "")) or _exit(pane),
    )


def _exit(pane: Report) -> str:
    """How the pane's process ended; one of which that is not known is never shown as a success."""
    if pane.get("status") != "held-dead":
        return ""
    if pane.get("exit_signal") is not None:
        return f"signal {pane['exit_signal']}"
    code = pane.get("exit_code")
    return "exit status not known" if code is None else f"exit {code}"


def _loss(report: Report) -> str:
    lost = sum(pane.get("lost_bytes", 0) for pane in report.get("panes", ()))
    if not (lost or report.get("lost") or report.get("damages") or report.get("events_skipped")):
        return "nothing"
    parts = [f"{lost} bytes of output"] if lost else []
    if report.get("lost"):
        parts.append(f"{len(report['lost'])} ranges of records")
    if report.get("events_skipped"):
        parts.append(f"{report['events_skipped']} events")
    if report.get("damages"):
        parts.append(f"{len(report['damages'])} damaged places")
    return ", ".join(parts)


def _range(lost: Report) -> str:
    """Which log records are lost, and from when."""
    first, last = lost["first_lsn"], lost["last_lsn"]
    numbers = str(first) if first == last else f"{first} to {last}"
    return f"{numbers}, {lost['damaged_bytes']} damaged bytes"


def _damage(damage: Report) -> str:
    aside = damage.get("set_aside")
    return f"{damage['what']}: {damage['detail']}" + (f" (kept as {aside})" if aside else "")


def _or_none(value: Any) -> str:
    return "none" if value is None else str(value)


COMMAND: Final = Command(
    name="recovery",
    alias="",
    flags="",
    usage="[--json] [list | show N]",
    arguments=(0, 3),
    decide=decide,
    help="Say what was brought back when the server started, and what was lost.",
    starts_server=True,
    read_only=True,
    plain_words=True,
)
