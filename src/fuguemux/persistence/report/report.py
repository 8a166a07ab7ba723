"""The recovery report: what a start found, what came back, what was lost, and the one-line summary.

`report/text.py` formats all of it for people, `report/files.py` stores it.
"""

from collections.abc import Container, Iterator
from typing import Final

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.report.parts import (
    SEGMENT,
    Damage,
    EndedProgram,
    LostRecords,
    LostScrollback,
    PaneReport,
    by_group,
    came_back,
    counted,
    programs,
)

PROGRAMS_NAMED_MAX: Final = 5
"""The headline names this many of the programs that ended, and counts the others."""


class RecoveryReport(msgspec.Struct):
    """One start of the server. Times are wall-clock milliseconds since the epoch."""

    started_ms: int
    clean: bool = False
    cause: str = ""
    """"first start", "clean stop", or the presumed cause of the crash."""
    duration_ms: float = 0.0
    checkpoint: int | None = None
    checkpoint_ms: int = 0
    checkpoint_reason: str = ""
    checkpoints_tried: int = 0
    replay_from_lsn: int = 0
    replay_to_lsn: int = 0
    log_end_lsn: int = 0
    """The LSN of the last record in the log; 0 if there is none."""
    durable_lsn: int = 0
    """The LSN up to which the log had been durable, according to the watermark; 0 if it does not say."""
    last_record_ms: int = 0
    records_replayed: int = 0
    unsynced_ms_max: int = 0
    """If the machine went down: the output of at most this many milliseconds was on its way to the disk. 0 if there was
    none.
    """
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
    unlisted: list[str] = []
    """Names of programs that a restore policy would have offered if they were in `persistence.restore_commands`."""
    missing: list[str] = []
    """One sentence for each thing that was missing entirely: how much is lost with it cannot be told."""
    told: bool = True
    """Whether a client attached after this start and was told. Reports without this field count as told."""
    untold: list[str] = []
    """What earlier starts lost and nobody was told of, newest first, one line each."""
    shells_only: bool = False
    """Whether a program ended that another restore policy might have offered."""
    scrollback_lost: list[LostScrollback] = []
    """Lines that were found damaged at this start or since."""
    scrollback_lost_before: int = 0
    """Lines that were found damaged before, and are still part of the histories as notices."""
    scrollback_unread_bytes: int = 0
    """Bytes of stored scrollback that were not read yet, so that it is not known whether they are whole. 0 if all was
    read.
    """
    scrollback_read_ms: int = 0
    """When all of it was last read; 0 if not since this start."""

    # -- what those say who found something -------------------------------------------------------

    def remark(self, *sentences: str) -> None:
        """Add what is worth knowing and no loss."""
        self.notes += sentences

    def remark_first(self, sentence: str) -> None:
        """As `remark`, before everything else."""
        self.notes.insert(0, sentence)

    def miss(self, *sentences: str) -> None:
        """Add what is missing entirely, so that nothing tells how much is lost with it."""
        self.missing += sentences

    def miss_first(self, sentence: str) -> None:
        """As `miss`, before everything else: it is the reason for the rest."""
        self.missing.insert(0, sentence)

    def damaged(self, *found: Damage) -> None:
        """Add stored things that cannot be read."""
        self.damages += found

    def lose(self, records: LostRecords) -> None:
        """Add a range of the log that cannot be read."""
        self.lost.append(records)

    def tried_checkpoint(self) -> None:
        """Count a checkpoint whose structure was looked at."""
        self.checkpoints_tried += 1

    def begin_from(self, checkpoint: int, created_ms: int, reason: str) -> None:
        """Name the checkpoint that the state comes from."""
        self.checkpoint, self.checkpoint_ms = checkpoint, created_ms
        self.checkpoint_reason = reason

    def replayed(self, from_lsn: int, to_lsn: int, records: int, last_ms: int) -> None:
        """Say which records were replayed, how many, and when the last one was written."""
        self.replay_from_lsn, self.replay_to_lsn = from_lsn, to_lsn
        self.records_replayed, self.last_record_ms = records, last_ms

    def applied(self, events: int, skipped: int, output_bytes: int) -> None:
        """Say what the replayed records were: events, those that the state refused, and output."""
        self.events_applied, self.events_skipped = events, skipped
        self.output_bytes_replayed = output_bytes

    def unfinished(self, records: int, size_bytes: int) -> None:
        """Say how much of the log's end was never written whole."""
        self.unfinished_records, self.unfinished_bytes = records, size_bytes

    def log_reaches(self, end_lsn: int, durable_lsn: int | None) -> None:
        """Say where the log ends, and up to where it was durable by the watermark (None: it does not say)."""
        self.log_end_lsn = end_lsn
        if durable_lsn is not None:
            self.durable_lsn = durable_lsn

    def server_ended(self, cause: str, *, clean: bool) -> None:
        """Say how the server before this one ended, as far as the log tells."""
        self.cause, self.clean = cause, clean

    def presume(self, cause: str, *, unsynced_ms_max: int | None = None) -> None:
        """Replace the cause by one that others testify to. `unsynced_ms_max`: as the field."""
        self.cause = cause
        if unsynced_ms_max is not None:
            self.unsynced_ms_max = unsynced_ms_max

    def took(self, duration_ms: float) -> None:
        """Say how long the recovery took."""
        self.duration_ms = duration_ms

    def withhold(self, names: list[str]) -> None:
        """Name the variables whose values may not be stored."""
        self.withheld = names

    def add_pane(self, pane: PaneReport) -> None:
        """Add a pane."""
        self.panes.append(pane)

    def keep_panes(self, panes: Container[PaneId]) -> None:
        """Take out the panes that are not among `panes`."""
        self.panes[:] = [each for each in self.panes if each.pane in panes]

    def pane_of(self, pane: PaneId) -> PaneReport | None:
        """The report on a pane."""
        return next((each for each in self.panes if each.pane == pane), None)

    def shell_started(self, *, only: bool, unlisted: str) -> None:
        """A shell took the place of a program. `only`: as `shells_only`. `unlisted`: its name, if `unlisted` is to have it."""
        self.shells_only |= only
        if unlisted and unlisted not in self.unlisted:
            self.unlisted.append(unlisted)

    def people_told(self) -> None:
        """A client attached and was told."""
        self.told = True

    def told_nobody(self, losses: list[str]) -> None:
        """Report what earlier starts lost without telling any user."""
        self.untold = losses

    def scrollback_lost_earlier(self, lines: int) -> None:
        """Say how many lines are notices since before this start."""
        self.scrollback_lost_before = lines

    def scrollback_read(self, unread_bytes: int, at_ms: int = 0) -> None:
        """All scrollback was read at `at_ms`, but for `unread_bytes`. Without `at_ms` the time is not noted."""
        self.scrollback_unread_bytes = unread_bytes
        if at_ms and not unread_bytes:
            self.scrollback_read_ms = at_ms

    def scrollback_damaged(self, lost: list[LostScrollback]) -> None:
        """Say which lines were found damaged at this start or since."""
        self.scrollback_lost = lost

    # -- what the whole says ----------------------------------------------------------------------

    @property
    def lost_bytes(self) -> int:
        """Bytes of pane output that are known to be lost."""
        return sum(pane.lost_bytes for pane in self.panes)

    @property
    def lost_ms(self) -> int:
        """The time that the lost log records span, added up over the ranges whose times are known."""
        return sum(
            max(lost.to_ms - lost.from_ms, 0) for lost in self.lost if lost.from_ms and lost.to_ms
        )

    @property
    def complete(self) -> bool:
        """Whether nothing that was ever durable is known to be missing. `proven` tells whether all was read."""
        return not (self.lost_live or self.damages)

    @property
    def lost_live(self) -> bool:
        """Whether something of the present state is known to be missing, apart from what is reported as damage."""
        lost = self.lost or self.lost_bytes or self.events_skipped or self.scrollback_lost
        return bool(lost or self.missing)

    @property
    def proven(self) -> bool:
        """Whether everything that is stored was read, and is complete."""
        return self.complete and not self.scrollback_unread_bytes

    @property
    def unreadable(self) -> bool:
        """Whether there was stored state, and none of it can be read."""
        return bool(self.damages) and self.checkpoint is None and not self.records_replayed

    @property
    def loss_unknown(self) -> bool:
        """Whether something is lost and cannot be named."""
        return bool(self.missing) or self.unreadable

    @property
    def programs_ended(self) -> list[EndedProgram]:
        """Every program that ran before and ended with the server, or while there was no server, in the order of panes."""
        found = []
        for pane in self.panes:
            program = pane.ended_program
            if program:
                again = pane.started_again == program
                found.append(
                    EndedProgram(pane.pane, pane.session, pane.window, program, False, again)
                )
            found += [
                EndedProgram(pane.pane, pane.session, pane.window, job, True)
                for job in pane.ended_jobs
            ]
        return found

    @property
    def segment(self) -> str:
        """For a status line: `⟲ 5 live · 2 new shells · 1 program ended`. Empty without panes, unless a loss is to be
        reported.
        """
        counts = by_group(self.panes)
        counts.pop("stored", None)
        if not counts and not self.loss_unknown:
            return ""
        parts = [
            SEGMENT[name](number) if name in SEGMENT else f"{number} {name}"
            for name, number in counts.items()
        ]
        ended = len(self.programs_ended)
        if ended:
            parts.append(f"{counted(ended, 'program')} ended")
        if self.loss_unknown:
            parts.append("what is lost is not known")
        return "⟲ " + " · ".join(parts)

    @property
    def losses(self) -> str:
        """What is missing of output and changes, in a sentence or two on one line."""
        return " ".join(f"{sentence}." for sentence in _losses(self))

    @property
    def summary(self) -> str:
        """What is back and what was lost, in a few sentences on one line."""
        return self.headline(PROGRAMS_NAMED_MAX)

    def headline(self, programs_max: int) -> str:
        """The same, with at most `programs_max` programs by name."""
        if self.cause == "first start":
            return "first start: there was nothing to bring back."
        groups, ended = by_group(self.panes), self.programs_ended
        back = came_back(groups) or (
            "No pane came back" if self.missing else "There was no pane to bring back"
        )
        sure = self.proven and not self.unsynced_ms_max and not self.scrollback_lost_before
        if sure and not ended and set(groups) == {"live"}:
            return f"{back}, nothing lost."
        gone = [program for program in ended if not program.started_again]
        again = [program for program in ended if program.started_again]
        sentences = [
            back,
            programs(gone, "ended", programs_max),
            programs(again, "ended and was started again", programs_max),
            *_losses(self),
        ]
        return " ".join(f"{sentence}." for sentence in sentences if sentence)


def _losses(report: RecoveryReport) -> Iterator[str]:
    """Yield what is missing of output and changes, or that nothing is."""
    if report.unreadable:
        yield "What was stored cannot be read, and what is lost is not known"
    elif report.missing:
        yield "A part of what was stored is missing or could not be read, and what is lost is not known"
    elif report.complete and report.scrollback_unread_bytes:
        what = "Changes" if report.unsynced_ms_max else "Log"
        yield f"{what}: complete; scrollback not yet verified"
    elif report.complete and not report.unsynced_ms_max:
        yield "Output and changes: complete"
    elif report.complete:
        yield "Changes: complete"
    else:
        lost = ", ".join(_lost(report))
        if lost:
            yield f"Lost: {lost}"
    if report.unsynced_ms_max:
        yield f"Output: the last {report.unsynced_ms_max} ms may be missing"
    if report.damages:
        damaged = len(report.damages)
        yield f"Damaged: {'1 file or part' if damaged == 1 else f'{damaged} files or parts'}"
    if report.scrollback_lost_before:
        yield f"Lost before: {counted(report.scrollback_lost_before, 'line')} of scrollback"


def _lost(report: RecoveryReport) -> Iterator[str]:
    counts: dict[str, int] = {}
    for lost in report.lost:
        for name, number in lost.classes.items():
            counts[name] = counts.get(name, 0) + number
    changes = counts.pop("structure", 0) + report.events_skipped
    output = counts.pop("output", 0)
    counts.pop("control", None)  # marks of the log itself
    unknown = sum(counts.values())
    if report.lost_bytes:
        lines = sum(pane.lost_lines for pane in report.panes)
        about = f" (about {counted(lines, 'line')})" if lines else ""
        yield f"{counted(report.lost_bytes, 'byte')} of output{about}"
    elif output:
        yield f"{counted(output, 'piece')} of output"
    if report.scrollback_lost:
        yield f"{counted(sum(each.lines for each in report.scrollback_lost), 'line')} of scrollback"
    if changes:
        yield counted(changes, "change")
    if unknown:
        yield f"{counted(unknown, 'piece')} with unknown content"
    if any(not lost.classes for lost in report.lost):
        yield "a part of the log"
