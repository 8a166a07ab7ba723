"""The account of output that was shown and cannot be logged, because the disk is full or refuses. It tells the next
server how much is missing, and when it was written.

The account is in the landing zone at once, where it outlives this process. It is also logged as an event, as soon as
the log accepts one, and then outlives the machine.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from fuguemux.model.events import OutputMissing
from fuguemux.observe.clock import Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.server.landing.zone import LandingZone, UnloggedOutput
from fuguemux.server.panes.pane_terminal import PaneTerminal

SAY_SECONDS_MIN: Final = 0.1
SAY_SECONDS_MAX: Final = 10.0
"""How long after output was left out the log is told. The time grows as long as the loss goes on."""

SayMissing = Callable[[Sequence[OutputMissing]], int | None]
"""Logs events, for panes that still exist. Returns the LSN, or None if that is not possible now."""

diagnostics = channel("output")


class MissingOutput:
    """Belongs to the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, say: SayMissing) -> None:
        self._loop = loop
        self._clock = clock
        self._say = say
        self._known: dict[int, UnloggedOutput] = {}
        self._unsaid: set[int] = set()
        self._said: list[tuple[int, UnloggedOutput]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._pause = SAY_SECONDS_MIN

    def note(self, zone: LandingZone | None, terminal: PaneTerminal, start: int, stop: int) -> None:
        """Note that the pane's output from byte `start` up to `stop` is left out of the log."""
        now_ms = self._clock.wall_ms()
        known = self._known.get(terminal.id)
        # A range may contain output that the log has; recovery sees that this part is not missing.
        if known is not None:
            start, stop = min(start, known.start), max(stop, known.stop)
        from_ms = now_ms if known is None else known.from_ms
        entry = UnloggedOutput(terminal.id, start, stop, from_ms, now_ms)
        self._known[terminal.id] = entry
        self._unsaid.add(terminal.id)
        if zone is not None:
            zone.missing(entry)
        if self._timer is None:
            self._timer = self._loop.call_later(self._pause, self._due)

    @property
    def entries(self) -> list[UnloggedOutput]:
        """The entries that no event in the kernel's hands reports yet, for another zone."""
        return list(self._known.values())

    def _due(self) -> None:
        self._timer = None
        if not self._unsaid:
            self._pause = SAY_SECONDS_MIN
            return
        self.tell()
        self._pause = min(self._pause * 2, SAY_SECONDS_MAX)
        self._timer = self._loop.call_later(self._pause, self._due)

    def tell(self) -> None:
        """Log the entries that are not logged yet."""
        entries = [self._known[pane] for pane in sorted(self._unsaid)]
        if not entries:
            return
        try:
            lsn = self._say([event_of(entry) for entry in entries])
        except OSError as error:
            diagnostics.warning("missing_not_logged", reason=error.strerror or str(error))
            return
        if lsn is None:
            return
        self._unsaid.clear()
        self._said += [(lsn, entry) for entry in entries]

    def written(self, zone: LandingZone, through_lsn: int) -> None:
        """The kernel has everything up to this LSN: clear the zone's entries that an event up to there reports."""
        waiting = []
        for lsn, entry in self._said:
            if lsn > through_lsn:
                waiting.append((lsn, entry))
            elif self._known.get(entry.pane) == entry:
                del self._known[entry.pane]
                zone.missing_logged(entry.pane)
        self._said = waiting

    @property
    def waits(self) -> bool:
        """Whether `written` has anything to do."""
        return bool(self._said)


def event_of(entry: UnloggedOutput) -> OutputMissing:
    """Return the event for an entry."""
    return OutputMissing(entry.pane, entry.start, entry.stop, entry.from_ms, entry.to_ms)  # type: ignore[arg-type]  # a pane's number, from a file
