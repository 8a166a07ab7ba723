"""The recovery report: what a start found, what came back, what was lost, and the one-line summary.

`report/text.py` formats all of it for people, `report/files.py` stores it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal

import msgspec

from fuguemux.model.ids import PaneId

PROGRAMS_NAMED_MAX: Final = 5
"""The headline names this many of the programs that ended, and counts the others."""
PROGRAM_CHARACTERS_MAX: Final = 60
"""Longer command lines are cut where several are on one line."""

Status = Literal[
    "live", "respawned", "suspended", "held-dead", "cwd-fallback", "partial", "failed", "pending"
]
"""What happened to a pane. `pending`: the server has not dealt with it yet."""


class Damage(msgspec.Struct, frozen=True):
    """A stored thing that could not be read. `set_aside`: where its bytes are now, if they were moved."""

    what: str
    detail: str
    set_aside: str = ""


class LostRecords(msgspec.Struct, frozen=True):
    """A range of log records that were durable once and cannot be read. Times in wall-clock ms, 0 if not known."""

    first_lsn: int
    last_lsn: int
    damaged_bytes: int
    from_ms: int
    to_ms: int
    classes: dict[str, int] = {}
    segment_id: int = 0
    offset: int = -1
    """Where in the segment the damage begins; -1 if not known."""


class LostScrollback(msgspec.Struct, frozen=True):
    """Lines of a pane's history that were stored and are damaged now, from number `first` to `last`. `size_bytes`: on the
    disk.
    """

    pane: PaneId
    first: int
    last: int
    size_bytes: int
    reason: str
    set_aside: str = ""
    """Where the damaged bytes are now."""

    @property
    def lines(self) -> int:
        """The number of lines."""
        return self.last - self.first + 1


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
    """Whether the screen came from its portable form, because the snapshot is damaged or from another engine version."""
    replayed_bytes: int = 0
    scrollback_lines: int = 0
    """Lines of the history in the checkpoint, without those that `replayed_bytes` add."""
    lost_bytes: int = 0
    lost_lines: int = 0
    """About how many lines the `lost_bytes` were. 0 if it cannot be estimated."""
    lost_from: int = 0
    lost_to: int = 0
    lost_before_ms: int = 0
    """Wall time of the end of the loss, or of the record behind it."""
    lost_since_ms: int = 0
    """Wall time of the beginning of the loss; 0 if not known."""
    note: str = ""
    """What was done instead of going on: which program ran before, and how it is started again."""
    ended_program: str = ""
    """The program that ran here and is gone, as it was started, on one line for people. Empty if none ended."""
    ended_jobs: list[str] = []
    """The other jobs of the shell that ended: in the background, or stopped."""
    started_again: str = ""
    """What was started in place of a shell: the program that ran, or what the options say. Empty if nothing was."""
    last_screen: bool = False
    """Whether the last screen of `ended_program` is kept."""


class EndedProgram(msgspec.Struct, frozen=True):
    """A program that ran before and does not run any more, and where it was. `started_again`: it was started again since."""

    pane: PaneId
    session: str
    window: int
    program: str
    background: bool = False
    started_again: bool = False

    @property
    def place(self) -> str:
        """The window in which it ran, or the pane if no session has that."""
        return f"{self.session}:{self.window}" if self.session else f"%{self.pane}"


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
        counts = _by_group(self.panes)
        counts.pop("stored", None)
        if not counts and not self.loss_unknown:
            return ""
        parts = [
            _SEGMENT[name](number) if name in _SEGMENT else f"{number} {name}"
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
        groups, ended = _by_group(self.panes), self.programs_ended
        back = _came_back(groups) or (
            "No pane came back" if self.missing else "There was no pane to bring back"
        )
        sure = self.proven and not self.unsynced_ms_max and not self.scrollback_lost_before
        if sure and not ended and set(groups) == {"live"}:
            return f"{back}, nothing lost."
        gone = [program for program in ended if not program.started_again]
        again = [program for program in ended if program.started_again]
        sentences = [
            back,
            _programs(gone, "ended", programs_max),
            _programs(again, "ended and was started again", programs_max),
            *_losses(self),
        ]
        return " ".join(f"{sentence}." for sentence in sentences if sentence)


# -- the words --------------------------------------------------------------------------------

_GROUPS: Final = {
    "live": ("is still running", "are still running"),
    "shells": ("is back as a new shell", "are back as new shells"),
    "started": ("is back with a program started in it", "are back with programs started in them"),
    "suspended": ("waits for Enter", "wait for Enter"),
    "held-dead": ("shows how its program ended", "show how their programs ended"),
    "failed": ("could not be brought back whole", "could not be brought back whole"),
    "stored": ("is stored", "are stored"),
}
"""What is said of one pane and of several, by what happened to them."""
_SEGMENT: Final[dict[str, Callable[[int], str]]] = {
    "shells": lambda number: counted(number, "new shell"),
    "started": lambda number: f"{number} started again",
}


def counted(number: int, unit: str) -> str:
    """`1 line`, `2 lines`."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def cut(text: str, characters_max: int = PROGRAM_CHARACTERS_MAX) -> str:
    """Cut long text at its end."""
    return text if len(text) <= characters_max else f"{text[: characters_max - 1]}…"


def _group(pane: PaneReport) -> str:
    match pane.status:
        case "live" | "partial":
            return "live"
        case "respawned" | "cwd-fallback":
            return "started" if pane.started_again else "shells"
        case "pending":
            return "stored"
        case _:
            return pane.status


def _by_group(panes: Sequence[PaneReport]) -> dict[str, int]:
    found = [_group(pane) for pane in panes]
    return {name: found.count(name) for name in _GROUPS if name in found}


def _came_back(groups: dict[str, int]) -> str:
    """`3 panes are still running, 2 are back as new shells and 1 waits for Enter`; empty without panes."""
    parts = []
    for place, (name, number) in enumerate(groups.items()):
        one, several = _GROUPS[name]
        subject = str(number) if place else counted(number, "pane")
        parts.append(f"{subject} {one if number == 1 else several}")
    if not parts:
        return ""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _programs(ended: Sequence[EndedProgram], what: str, programs_max: int) -> str:
    """`2 programs ended: vim notes.md (work:0), make (ops:1)`; empty if none did."""
    if not ended:
        return ""
    said = f"{counted(len(ended), 'program')} {what}"
    named = [f"{cut(each.program)} ({each.place})" for each in ended[:programs_max]]
    if not named:
        return said
    if more := len(ended) - len(named):
        named.append(f"and {more} more")
    return f"{said}: {', '.join(named)}"


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
