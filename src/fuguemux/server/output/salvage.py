"""Logs what the landing zone of a dead server still holds: changes, panes' output, and the account of missing output.

Each pane's output is one sequence of bytes. If the zone's part begins behind the end of what the log has, the bytes
in between are lost: the pane and the report say how many.
"""

from collections.abc import Callable, Container, Sequence
from typing import Protocol

from fuguemux.engine.commit import Committer, EventRefused
from fuguemux.model.ids import PaneId
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.pane_replay import LostOutput
from fuguemux.persistence.report.parts import PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.serialization import PayloadDamaged, VersionUnknown, decode_events
from fuguemux.server.landing.zone import RecoveredZone, Salvaged, UnloggedOutput
from fuguemux.server.output.missing_output import event_of
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes

diagnostics = channel("recovery")


def unanswered(found: RecoveredZone) -> dict[PaneId, int]:
    """Return for each pane with output in the zone the offset from which on its terminal queries were not answered."""
    first: dict[PaneId, int] = {}
    for chunk in found.salvaged:
        if chunk.answered < len(chunk.data):
            first.setdefault(PaneId(chunk.pane), chunk.offset + chunk.answered)
    return first


class TakesOver(Protocol):
    """The part of PaneOutput that is needed here."""

    def take_over(self, terminal: PaneTerminal, data: bytes, *, answered: int) -> bytes:
        """Log and show `data`. Returns the replies to terminal queries after its first `answered` bytes."""
        ...


class ZoneSalvage:
    """Salvages one zone. Belongs to the loop, at the start. What it finds and what is lost is added to the report."""

    def __init__(
        self,
        committer: Committer,
        panes: Panes,
        output: TakesOver,
        report: RecoveryReport,
        copied: Callable[[PaneId, int, bytes], None],
    ) -> None:
        """`copied` is called with the offset and the bytes of each pane before they are logged, because the pane's pipe
        may lack them.
        """
        self._committer = committer
        self._panes = panes
        self._output = output
        self._report = report
        self._copied = copied

    def take_changes(self, found: RecoveredZone, logged_lsn: int) -> None:
        """Commit the events after `logged_lsn`, which the log does not have. An event that the state refuses is left out
        and reported.
        """
        known = set(self._committer.state.panes)
        for lsn, payload in found.events:
            if lsn <= logged_lsn:
                continue
            try:
                self._committer.commit(decode_events(payload, ignorable=True))
            except (EventRefused, PayloadDamaged, VersionUnknown) as refused:
                diagnostics.warning("change_not_salvaged", lsn=lsn, reason=str(refused))
                self._report.remark(
                    f"a change in the landing zone could not be made again: {refused}"
                )
        there = self._committer.state.panes
        for pane in sorted(set(there) - known):
            self._report.add_pane(PaneReport(pane))
        self._report.keep_panes(there)

    def take_output(
        self, found: RecoveredZone, answers: dict[PaneId, bytes], orphans: Container[PaneId]
    ) -> None:
        """Log and show the output that the log does not have, and report what is missing. Adds owed replies to `answers`.

        `orphans` are panes that have output in the log and no event.
        """
        said = sorted((*found.missing, *found.rotten), key=lambda entry: entry.stop)
        for chunk in found.salvaged:
            terminal = self._panes.get(PaneId(chunk.pane))
            if terminal is None:
                if PaneId(chunk.pane) in orphans:
                    self._report.remark(f"%{chunk.pane}: {len(chunk.data)} bytes not logged: lost")
                continue
            if chunk.offset > terminal.read_offset:
                self._missing(terminal, chunk.offset, said)
            self._take(terminal, chunk, answers)
        for entry in said:
            terminal = self._panes.get(PaneId(entry.pane))
            if terminal is not None and entry.stop > terminal.read_offset:
                self._missing(terminal, entry.stop, (entry,))

    def _take(self, terminal: PaneTerminal, chunk: Salvaged, answers: dict[PaneId, bytes]) -> None:
        known = terminal.read_offset - chunk.offset
        if known >= len(chunk.data):
            return
        data = chunk.data[known:]
        self._copied(terminal.id, terminal.read_offset, data)
        answered = max(chunk.answered - known, 0)
        replies = self._output.take_over(terminal, data, answered=answered)
        answers[terminal.id] = answers.get(terminal.id, b"") + replies

    def _missing(self, terminal: PaneTerminal, stop: int, said: Sequence[UnloggedOutput]) -> None:
        """Report the pane's output up to `stop` that the log does not have as lost. An entry of `said` may say when it
        was written.
        """
        start = terminal.read_offset
        times = [
            (each.from_ms, each.to_ms)
            for each in said
            if each.pane == terminal.id and each.start < stop and start < each.stop
        ]
        from_ms, to_ms = times[0] if times else (0, 0)
        event = event_of(UnloggedOutput(terminal.id, start, stop, from_ms, to_ms))
        lsn = self._committer.commit((event,))
        terminal.lost(LostOutput(lsn, start, stop, from_ms, to_ms))
        report = self._report.pane_of(terminal.id)
        if report is not None:
            report.lose(start, stop, from_ms, to_ms)
