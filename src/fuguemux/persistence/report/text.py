"""The recovery report as text for people: first what is back and what was lost; with `verbose`, also from which records.

The first lines need no knowledge of how the log works.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from fuguemux.persistence.report.parts import LostRecords, LostScrollback, PaneReport, counted
from fuguemux.persistence.report.report import RecoveryReport

_KINDS: Final = {
    "structure": ("change", ""),
    "output": ("piece", " of output"),
    "control": ("mark", " of the log itself"),
}
_UNKNOWN: Final = ("record", " of the log with unknown content")
_OFFER: Final = "to have such programs typed into their new shells: fugue set-option -g restore-policy suspended"
_MORE: Final = "fugue recovery -v shows what was read, and from where"


def report_lines(report: RecoveryReport, *, when: str, verbose: bool = False) -> list[str]:
    """Return the report. `when` is its time, formatted."""
    lines = [f"recovery {when}: {report.summary}"]
    stop = "clean stop" if report.clean else (report.cause or "no clean stop")
    lines.append(f"  before: {stop}; back after {report.duration_ms:.0f} ms")
    if verbose:
        lines += _sources(report)
    loss = _loss(report)
    if loss or verbose:
        lines.append(f"  output and changes lost: {loss or 'nothing'}")
    lines += [_lost_range(lost, verbose=verbose) for lost in report.lost]
    for damage in report.damages:
        aside = f", set aside as {damage.set_aside}" if damage.set_aside else ""
        lines.append(f"  damaged: {damage.what}: {damage.detail}{aside}")
    lines += [_lost_scrollback(lost) for lost in report.scrollback_lost]
    lines += _reading(report, verbose=verbose)
    lines += [f"  lost earlier, and no client has attached since: {line}" for line in report.untold]
    if report.withheld:
        lines.append(f"  not stored by configuration: {', '.join(report.withheld)}")
    lines += [f"  note: {note}" for note in report.notes]
    lines += _pane_table(report.panes, verbose=verbose)
    if any(pane.last_screen for pane in report.panes):
        lines.append(f"  {_last_screens(report.panes)}")
    if report.unlisted:
        lines.append(f"  {_unlisted(report.unlisted)}")
    elif report.shells_only:
        lines.append(f"  {_OFFER}")
    if not verbose:
        lines.append(f"  {_MORE}")
    return lines


def _sources(report: RecoveryReport) -> Iterator[str]:
    """What was read, for readers who know the log."""
    if report.checkpoint is None:
        yield "  checkpoint: none"
    else:
        yield f"  checkpoint: {report.checkpoint} ({report.checkpoint_reason})"
    span = f" from LSN {report.replay_from_lsn} to {report.replay_to_lsn}"
    yield (
        f"  log: {report.records_replayed} records{span if report.records_replayed else ''}, "
        f"{report.events_applied} events, {report.output_bytes_replayed} bytes of output"
    )
    if report.unfinished_bytes or report.unfinished_records:
        yield (
            f"  unfinished, never acknowledged: {report.unfinished_records} records, {report.unfinished_bytes} bytes"
        )


def _lost_range(lost: LostRecords, *, verbose: bool) -> str:
    kinds = []
    for name, number in sorted(lost.classes.items()):
        unit, of_what = _KINDS.get(name, _UNKNOWN)
        kinds.append(counted(number, unit) + of_what)
    what = ", ".join(kinds) or "a part of the log"
    text = f"  lost: {what}, written between {_time(lost.from_ms)} and {_time(lost.to_ms)}"
    if verbose:
        text += f" (LSN {lost.first_lsn}-{lost.last_lsn}, {counted(lost.damaged_bytes, 'byte')})"
    return text


def _lost_scrollback(lost: LostScrollback) -> str:
    aside = f", set aside as {lost.set_aside}" if lost.set_aside else ""
    return (
        f"  lost: {counted(lost.lines, 'line')} of the scrollback of %{lost.pane}, number {lost.first} to {lost.last} "
        f"({counted(lost.size_bytes, 'byte')} on disk): {lost.reason}{aside}"
    )


def _reading(report: RecoveryReport, *, verbose: bool) -> Iterator[str]:
    """Whether the stored scrollback was read."""
    if report.scrollback_unread_bytes:
        size = counted(report.scrollback_unread_bytes, "byte")
        yield f"  scrollback: {size} of it not verified yet; fugue status shows the progress"
    elif report.scrollback_read_ms and verbose:
        yield f"  scrollback: all of it was read and verified at {_time(report.scrollback_read_ms)}"


def _loss(report: RecoveryReport) -> str:
    """What was lost, in bytes and milliseconds, or that nothing more can be told. Empty if nothing was lost."""
    if report.loss_unknown:
        nothing = ["nothing that is stored can be read"] if report.unreadable else []
        return f"not known: {'; '.join([*nothing, *report.missing])}"
    damaged = sum(lost.damaged_bytes for lost in report.lost)
    parts = []
    if report.lost_bytes:
        parts.append(f"{report.lost_bytes} bytes of output")
    if damaged:
        parts.append(f"{damaged} bytes of the log")
    if report.scrollback_lost:
        parts.append(f"{sum(each.lines for each in report.scrollback_lost)} lines of scrollback")
    if report.lost_ms:
        parts.append(f"{report.lost_ms} ms")
    if report.unsynced_ms_max:
        parts.append(
            f"output of the last {report.unsynced_ms_max} ms before {_time(report.last_record_ms)} or soon after, at most"
        )
    return ", ".join(parts)


def _time(milliseconds: int) -> str:
    """Format a time in UTC, to the millisecond; 0 means not known."""
    if not milliseconds:
        return "an unknown time"
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _last_screens(panes: Sequence[PaneReport]) -> str:
    """How to see the last screens of programs."""
    first, *others = [f"%{pane.pane}" for pane in panes if pane.last_screen]
    more = " (fugue recovery screens lists all)" if others else ""
    return f"their last screens: fugue recovery screen {first}{more}, or C-b R"


def _unlisted(names: Sequence[str]) -> str:
    """How to have programs of these names started again."""
    quoted = ", ".join(f'"{name}"' for name in names)
    return (
        f"to have {', '.join(names)} started again, add {quoted} to persistence.restore_commands "
        "(fugue config show)"
    )


# -- panes ------------------------------------------------------------------------------------


def _pane_table(panes: Sequence[PaneReport], *, verbose: bool) -> list[str]:
    """A table with one row per pane. It has a column for losses if there are any."""
    if not panes:
        return []
    rows = [["pane", "in", "what is there"]]
    rows += [[f"%{pane.pane}", _place(pane), what_is_there(pane)] for pane in panes]
    if verbose:
        rows[0] += ["from log", "from checkpoint"]
        for row, pane in zip(rows[1:], panes, strict=True):
            row += [counted(pane.replayed_bytes, "byte"), counted(pane.scrollback_lines, "line")]
    if verbose or any(pane.lost_bytes for pane in panes):
        rows[0].append("lost")
        for row, pane in zip(rows[1:], panes, strict=True):
            row.append(_lost_when(pane) if pane.lost_bytes else "nothing")
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _place(pane: PaneReport) -> str:
    return f"{pane.session}:{pane.window}" if pane.session else ""


def _lost_when(pane: PaneReport) -> str:
    """How much is lost, and when it was written if that is known."""
    if not pane.lost_before_ms:
        return lost_output(pane)
    if not pane.lost_since_ms:
        return f"{lost_output(pane)}, before {_time(pane.lost_before_ms)}"
    return f"{lost_output(pane)}, {_time(pane.lost_since_ms)} to {_time(pane.lost_before_ms)}"


def lost_output(pane: PaneReport) -> str:
    """How much is lost: `77 bytes`, or `77 bytes, about 8 lines` if the number of lines can be estimated."""
    lost = counted(pane.lost_bytes, "byte")
    return f"{lost}, about {counted(pane.lost_lines, 'line')}" if pane.lost_lines else lost


def what_is_there(pane: PaneReport) -> str:
    """What is in the pane now, and what ran there before."""
    note = pane.note or (f"was running: {pane.ended_program}" if pane.ended_program else "")
    jobs = f"in the background: {', '.join(pane.ended_jobs)}" if pane.ended_jobs else ""
    return "; ".join(filter(None, (_there(pane), note, jobs)))


def _there(pane: PaneReport) -> str:
    match pane.status:
        case "live" | "partial":
            return "still running"
        case "respawned":
            return "" if pane.started_again else "new shell"
        case "cwd-fallback":
            return "new shell, in another directory"
        case "suspended":
            return "waits for Enter"
        case "held-dead" if pane.exit_signal is not None:
            return f"ended by signal {pane.exit_signal}"
        case "held-dead":
            code = "unknown" if pane.exit_code is None else str(pane.exit_code)
            return f"ended with status {code}"
        case "failed":
            return f"failed: {pane.reason}"
        case "pending":
            return "stored"


def describe(pane: PaneReport) -> str:
    """The status of a pane with its details, as formats show it."""
    match pane.status:
        case "held-dead":
            if pane.exit_signal is not None:
                return f"held-dead(signal {pane.exit_signal})"
            return f"held-dead({'unknown' if pane.exit_code is None else pane.exit_code})"
        case "partial":
            return f"partial({lost_output(pane)}, {pane.lost_from}-{pane.lost_to})"
        case "failed":
            return f"failed({pane.reason})"
        case _:
            return pane.status
