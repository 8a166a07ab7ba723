"""What a recovery report is made of: damaged things, lost ranges, panes, and the words for several of them."""

from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from fuguemux.model.ids import PaneId

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

    def became(self, status: Status) -> None:
        """Say what happened to the pane. Lost output makes it partial, and a failure that is known stays one."""
        self.status = status
        if self.lost_bytes and status == "live":
            self.status = "partial"
        if self.reason:
            self.status = "failed"

    def fail(self, reason: str) -> None:
        """Say why the pane is not back whole. `became` gives its status."""
        self.reason = reason

    def lose(self, start: int, stop: int, from_ms: int, to_ms: int) -> None:
        """Output from byte `start` up to `stop` is lost. It was written between two wall times; 0: not known."""
        if not self.lost_bytes:
            self.lost_from, self.lost_since_ms = start, from_ms
        self.lost_bytes += stop - start
        self.lost_to, self.lost_before_ms = stop, to_ms

    def exited(self, code: int | None, signal: int | None) -> None:
        """Say how the pane's process ended."""
        self.exit_code, self.exit_signal = code, signal

    def programs_gone(self, program: str, jobs: list[str]) -> None:
        """Say which program ended with the server, and which other jobs."""
        self.ended_program, self.ended_jobs = program, jobs

    def started(self, line: str, again: str) -> None:
        """Say what was started: in a line for people, and `again` in place of a shell (empty: nothing was)."""
        self.note, self.started_again = line, again

    def screen_kept(self) -> None:
        """The last screen of the program that ended is kept."""
        self.last_screen = True


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
SEGMENT: Final[dict[str, Callable[[int], str]]] = {
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


def by_group(panes: Sequence[PaneReport]) -> dict[str, int]:
    found = [_group(pane) for pane in panes]
    return {name: found.count(name) for name in _GROUPS if name in found}


def came_back(groups: dict[str, int]) -> str:
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


def programs(ended: Sequence[EndedProgram], what: str, programs_max: int) -> str:
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
