"""The recovery report: what was found at a start, what came back, what was lost, and the one line that says so.

`report_text` has all of it for people, `report_files` keeps it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, get_args

import msgspec

from fuguemux.model.ids import PaneId

PROGRAMS_NAMED_MAX: Final = 5
"""Of the programs that ended the headline names so many and counts the others."""
PROGRAM_CHARACTERS_MAX: Final = 60
"""Longer command lines are cut where several stand on one line."""

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


class LostScrollback(msgspec.Struct, frozen=True):
    """Lines of a pane's history, stored once and damaged now: from number `first` to `last`. `size_bytes`: on the disk."""

    pane: PaneId
    first: int
    last: int
    size_bytes: int
    reason: str
    set_aside: str = ""
    """Where the damaged bytes are now."""

    @property
    def lines(self) -> int:
        """How many they are."""
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
    """Wall time of the end of the loss, or of the record behind it."""
    lost_since_ms: int = 0
    """Wall time of its beginning; 0: not known."""
    note: str = ""
    """What was done in place of going on: which program ran before, and how it is started again."""
    ended_program: str = ""
    """The program that ran here and is gone, as it was started, on one line for people. Empty: none ended."""
    ended_jobs: list[str] = []
    """Likewise, what else the shell had running: in the background, or stopped."""
    started_again: str = ""
    """What was started in place of a shell: the program that ran, or what the options say. Empty: nothing was."""
    last_screen: bool = False
    """Whether what `ended_program` showed last is kept."""


class EndedProgram(msgspec.Struct, frozen=True):
    """A program that ran before and runs no more, and where it was. `started_again`: it was begun anew since."""

    pane: PaneId
    session: str
    window: int
    program: str
    background: bool = False
    started_again: bool = False

    @property
    def place(self) -> str:
        """The window it ran in, or the pane where no session has that."""
        return f"{self.session}:{self.window}" if self.session else f"%{self.pane}"


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
    log_end_lsn: int = 0
    """The last record that is in the log; 0: there is none."""
    durable_lsn: int = 0
    """Up to here the log had been durable, as the watermark says; 0: it says nothing."""
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
    unlisted: list[str] = []
    """Names of programs that a restore policy would have offered, were they in `persistence.restore_commands`."""
    missing: list[str] = []
    """What was not there at all, a sentence each: how much is lost with it, nobody can tell."""
    told: bool = True
    """Whether somebody attached after this start and was told. Reports of before this was noted count as told."""
    untold: list[str] = []
    """What earlier starts lost and nobody was told of, newest first: a line each."""
    shells_only: bool = False
    """Whether a program ended that another restore policy might have offered."""
    scrollback_lost: list[LostScrollback] = []
    """What was found damaged at this start or since."""
    scrollback_lost_before: int = 0
    """Lines that were found damaged before, and are still part of the histories as lines that say so."""
    scrollback_unread_bytes: int = 0
    """Stored scrollback that nobody has read yet: whether it is whole is not known. 0: all was read."""
    scrollback_read_ms: int = 0
    """When all of it was last read. 0: not since this start."""

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
    def complete(self) -> bool:
        """Whether nothing is known to be missing of what was ever durable. `proven` tells whether all was read."""
        return not (self.lost_live or self.damages)

    @property
    def lost_live(self) -> bool:
        """Whether something of the present is known to be missing, beside what is told as damage."""
        lost = self.lost or self.lost_bytes or self.events_skipped or self.scrollback_lost
        return bool(lost or self.missing)

    @property
    def proven(self) -> bool:
        """Whether everything that is stored was read, and is complete."""
        return self.complete and not self.scrollback_unread_bytes

    @property
    def unreadable(self) -> bool:
        """Whether there was something, and nothing of it can be read."""
        return bool(self.damages) and self.checkpoint is None and not self.records_replayed

    @property
    def loss_unknown(self) -> bool:
        """Whether something is lost of which nobody can tell what it was."""
        return bool(self.missing) or self.unreadable

    @property
    def programs_ended(self) -> list[EndedProgram]:
        """Every program that ran before and was ended with the server or while there was none, in the order of panes."""
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
        """For a status line: `⟲ 5 live · 2 new shells · 1 program ended`. Empty without panes, unless a loss is to be told."""
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
        """What is back and what a person lost, in a few sentences on one line."""
        return self.headline(PROGRAMS_NAMED_MAX)

    def headline(self, programs_max: int) -> str:
        """The same, with no more than `programs_max` programs by name."""
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
            _programs(again, "ended and began anew", programs_max),
            *_losses(self),
        ]
        return " ".join(f"{sentence}." for sentence in sentences if sentence)


# -- the words --------------------------------------------------------------------------------

_GROUPS: Final = {
    "live": ("runs on", "run on"),
    "shells": ("is back as a new shell", "are back as new shells"),
    "started": ("is back with a program started in it", "are back with programs started in them"),
    "suspended": ("waits for Enter", "wait for Enter"),
    "held-dead": ("shows how its program ended", "show how their programs ended"),
    "failed": ("could not be brought back whole", "could not be brought back whole"),
    "stored": ("is stored", "are stored"),
}
"""What is said of one pane and of several, by what became of them."""
_SEGMENT: Final[dict[str, Callable[[int], str]]] = {
    "shells": lambda number: counted(number, "new shell"),
    "started": lambda number: f"{number} started again",
}


def counted(number: int, unit: str) -> str:
    """`1 line`, `2 lines`."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def cut(text: str, characters_max: int = PROGRAM_CHARACTERS_MAX) -> str:
    """`text`, with its end left out where it is long."""
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
    """`3 panes run on, 2 are back as new shells and 1 waits for Enter`; empty without panes."""
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
    """What is missing of output and changes, or that nothing is."""
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
        yield f"{counted(unknown, 'piece')} of which nothing tells what it was"
    if any(not lost.classes for lost in report.lost):
        yield "a part of the log"
