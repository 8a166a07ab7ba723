"""The recovery report: what was found at a start, what came back, what was lost. Kept as JSON, shown by `fugue recovery`."""

import contextlib
from datetime import UTC, datetime
from typing import Final, Literal, get_args

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.files import Storage, read_all, write_atomically

REPORTS_MAX: Final = 100
SUFFIX: Final = ".json"

Status = Literal[
    "live", "respawned", "suspended", "held-dead", "cwd-fallback", "partial", "failed", "pending"
]
"""What became of a pane. `pending`: the server has not come to it yet."""
STATUSES: Final = get_args(Status)


class Damage(msgspec.Struct, frozen=True):
    """Something stored that could not be read. `set_aside`: where its bytes are now, if they were moved."""

    what: str
    detail: str
    set_aside: str = ""


class LostRecords(msgspec.Struct, frozen=True):
    """A range of log records that were durable once and cannot be read. Times in ms, 0: not known."""

    first_lsn: int
    last_lsn: int
    damaged_bytes: int
    from_ms: int
    to_ms: int
    classes: dict[str, int] = {}
    segment_id: int = 0
    offset: int = -1
    """Where in the segment the damage begins; -1: not known."""


class PaneReport(msgspec.Struct):
    """One pane. `lost_from` and `lost_to` are byte offsets of its output."""

    pane: PaneId
    status: Status = "pending"
    session: str = ""
    window: int = 0
    reason: str = ""
    exit_code: int | None = None
    exit_signal: int | None = None
    from_fallback: bool = False
    """The screen came from its portable form: another engine version wrote the snapshot, or it is damaged."""
    replayed_bytes: int = 0
    scrollback_lines: int = 0
    """Lines of the history that the checkpoint held; what `replayed_bytes` add comes on top."""
    lost_bytes: int = 0
    lost_lines: int = 0
    """About how many lines `lost_bytes` were: what is lost cannot be counted. 0: nothing tells."""
    lost_from: int = 0
    lost_to: int = 0
    lost_before_ms: int = 0
    """Wall time of the record behind the loss."""
    note: str = ""
    """What was done in place of going on: which program ran before, and how it is started again."""
    ended_program: str = ""
    """The program that ran here and is gone, as it was started, on one line for people. Empty: none ended."""


class RecoveryReport(msgspec.Struct):
    """One start of the server. Times are wall milliseconds since the epoch."""

    started_ms: int
    clean: bool = False
    cause: str = ""
    """first start, clean stop, or what the server took the crash for."""
    duration_ms: float = 0.0
    checkpoint: int | None = None
    checkpoint_ms: int = 0
    checkpoint_reason: str = ""
    checkpoints_tried: int = 0
    replay_from_lsn: int = 0
    replay_to_lsn: int = 0
    last_record_ms: int = 0
    records_replayed: int = 0
    unsynced_ms_max: int = 0
    """The machine went down: output of so many milliseconds was on its way to the disk, at most. 0: none was."""
    events_applied: int = 0
    events_skipped: int = 0
    output_bytes_replayed: int = 0
    unfinished_records: int = 0
    """Writes that had not finished and were never acknowledged."""
    unfinished_bytes: int = 0
    lost: list[LostRecords] = []
    damages: list[Damage] = []
    withheld: list[str] = []
    """Variables whose values may not be stored."""
    panes: list[PaneReport] = []
    notes: list[str] = []

    @property
    def lost_bytes(self) -> int:
        """Bytes of pane output that are known to be lost."""
        return sum(pane.lost_bytes for pane in self.panes)

    @property
    def lost_ms(self) -> int:
        """From the first to the last moment of which log records are lost, added up over the ranges whose times are known."""
        return sum(
            max(lost.to_ms - lost.from_ms, 0) for lost in self.lost if lost.from_ms and lost.to_ms
        )

    @property
    def segment(self) -> str:
        """The panes by what became of them, for a status line: `⟲ 5 live · 2 respawned`. Empty without panes."""
        counts: dict[str, int] = {}
        for pane in self.panes:
            counts[pane.status] = counts.get(pane.status, 0) + 1
        counts.pop("pending", None)
        if not counts:
            return ""
        order = [name for name in STATUSES if name in counts]
        return "⟲ " + " · ".join(f"{counts[name]} {name}" for name in order)

    @property
    def complete(self) -> bool:
        """Whether everything that was ever durable is back."""
        return not (self.lost or self.damages or self.lost_bytes or self.events_skipped)

    @property
    def summary(self) -> str:
        """One line, for the status line and the first attach."""
        if self.complete:
            return f"recovered {counted(len(self.panes), 'pane')}, nothing lost"
        parts = []
        if self.lost:
            ranges = ", ".join(
                f"{r.first_lsn}-{r.last_lsn}" if r.last_lsn > r.first_lsn else f"{r.first_lsn}"
                for r in self.lost
            )
            one = len(self.lost) == 1 and self.lost[0].first_lsn == self.lost[0].last_lsn
            parts.append(f"log {'record' if one else 'records'} {ranges} lost")
        if self.lost_bytes:
            parts.append(f"{counted(self.lost_bytes, 'byte')} of output lost")
        if self.damages:
            damaged = len(self.damages)
            parts.append(
                "1 damaged file or part" if damaged == 1 else f"{damaged} damaged files or parts"
            )
        if self.events_skipped:
            parts.append(f"{counted(self.events_skipped, 'change')} without cause")
        return f"recovered {counted(len(self.panes), 'pane')}; " + ", ".join(parts)


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(RecoveryReport)


def encode_report(report: RecoveryReport) -> bytes:
    """The report as JSON, with its summary."""
    fields = msgspec.to_builtins(report)
    return _encoder.encode(
        {
            **fields,
            "lost_bytes": report.lost_bytes,
            "lost_ms": report.lost_ms,
            "summary": report.summary,
        }
    )


def decode_report(data: bytes) -> RecoveryReport:
    """What `encode_report` made. Raises ValueError."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a recovery report: {error}") from error


def save_report(storage: Storage, directory: str, report: RecoveryReport) -> str:
    """Store the report in `directory`, durable; the oldest beyond `REPORTS_MAX` go. Saving it again replaces it.

    Returns the path. Raises OSError.
    """
    name = f"{report.started_ms:015d}{SUFFIX}"
    path = write_atomically(storage, directory, name, [encode_report(report)])
    for old in report_names(storage, directory)[REPORTS_MAX:]:
        with contextlib.suppress(OSError):
            storage.unlink(f"{directory}/{old}")
    return path


def report_names(storage: Storage, directory: str) -> list[str]:
    """File names of the stored reports, newest first."""
    names = [name for name in storage.list(directory) if name.endswith(SUFFIX)]
    return sorted((name for name in names if name[: -len(SUFFIX)].isdigit()), reverse=True)


def load_reports(storage: Storage, directory: str) -> list[RecoveryReport]:
    """The stored reports, newest first; unreadable ones are left out."""
    reports = []
    for name in report_names(storage, directory):
        with contextlib.suppress(OSError, ValueError):
            reports.append(decode_report(read_all(storage, f"{directory}/{name}")))
    return reports


# -- as text ----------------------------------------------------------------------------------


def report_lines(report: RecoveryReport, *, when: str) -> list[str]:
    """The report as a person reads it; `when` is its time, formatted."""
    lines = [f"recovery {when}: {report.summary}"]
    stop = "clean stop" if report.clean else (report.cause or "no clean stop")
    lines.append(f"  before: {stop}; took {report.duration_ms:.0f} ms")
    if report.checkpoint is None:
        lines.append("  checkpoint: none")
    else:
        lines.append(f"  checkpoint: {report.checkpoint} ({report.checkpoint_reason})")
    span = f" from LSN {report.replay_from_lsn} to {report.replay_to_lsn}"
    lines.append(
        f"  log: {report.records_replayed} records{span if report.records_replayed else ''}, "
        f"{report.events_applied} events, {report.output_bytes_replayed} bytes of output"
    )
    if report.unfinished_bytes or report.unfinished_records:
        lines.append(
            f"  unfinished, never acknowledged: {report.unfinished_records} records, {report.unfinished_bytes} bytes"
        )
    lines.append(f"  loss: {_loss(report)}")
    for lost in report.lost:
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(lost.classes.items()))
        lines.append(
            f"  lost: LSN {lost.first_lsn}-{lost.last_lsn} ({kinds}; {lost.damaged_bytes} bytes; "
            f"written between {_time(lost.from_ms)} and {_time(lost.to_ms)})"
        )
    for damage in report.damages:
        aside = f", set aside as {damage.set_aside}" if damage.set_aside else ""
        lines.append(f"  damaged: {damage.what}: {damage.detail}{aside}")
    if report.withheld:
        lines.append(f"  not stored by configuration: {', '.join(report.withheld)}")
    lines += [f"  note: {note}" for note in report.notes]
    return lines + _pane_table(report.panes)


def _loss(report: RecoveryReport) -> str:
    """What was lost, in bytes and milliseconds; or that nothing was, or that nothing is left to tell."""
    if report.damages and report.checkpoint is None and not report.records_replayed:
        return "not known: nothing of what is stored can be read"
    damaged = sum(lost.damaged_bytes for lost in report.lost)
    parts = []
    if report.lost_bytes:
        parts.append(f"{report.lost_bytes} bytes of output")
    if damaged:
        parts.append(f"{damaged} bytes of the log")
    if report.lost_ms:
        parts.append(f"{report.lost_ms} ms")
    if report.unsynced_ms_max:
        parts.append(
            f"output of the last {report.unsynced_ms_max} ms before {_time(report.last_record_ms)} or soon after, at most"
        )
    return ", ".join(parts) or "nothing"


def _time(milliseconds: int) -> str:
    """A moment in UTC, to the millisecond; 0: it is not known."""
    if not milliseconds:
        return "an unknown time"
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def counted(number: int, unit: str) -> str:
    """`1 line`, `2 lines`."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def lost_output(pane: PaneReport) -> str:
    """How much is lost: `77 bytes`, or `77 bytes, about 8 lines` where that can be told."""
    lost = counted(pane.lost_bytes, "byte")
    return f"{lost}, about {counted(pane.lost_lines, 'line')}" if pane.lost_lines else lost


def _pane_table(panes: list[PaneReport]) -> list[str]:
    rows = [("pane", "in", "status", "from log", "from checkpoint", "lost")]
    for pane in panes:
        where = f"{pane.session}:{pane.window}" if pane.session else ""
        lost = lost_output(pane) if pane.lost_bytes else "nothing"
        rows.append(
            (
                f"%{pane.pane}",
                where,
                describe(pane) + (f" ({pane.note})" if pane.note else ""),
                counted(pane.replayed_bytes, "byte"),
                counted(pane.scrollback_lines, "line"),
                lost,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def describe(pane: PaneReport) -> str:
    """The status of a pane with what belongs to it, as formats and tables show it."""
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
