"""Logs what the landing zone of a dead server still holds: changes, panes' output, and the account of missing output.

Each pane's output is one sequence of bytes. If the zone's part begins behind the end of what the log has, the bytes
in between are lost: the pane and the report say how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fuguemux.engine.commit import EventRefused
from fuguemux.model.ids import PaneId
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.pane_replay import LostOutput
from fuguemux.persistence.report.report import PaneReport
from fuguemux.persistence.storage.serialization import PayloadDamaged, VersionUnknown, decode_events
from fuguemux.server.landing.zone import RecoveredZone, Salvaged, UnloggedOutput
from fuguemux.server.output.missing_output import event_of
from fuguemux.server.panes.pane_terminal import PaneTerminal

if TYPE_CHECKING:
    from fuguemux.server.main import Server

diagnostics = channel("recovery")


def unanswered(found: RecoveredZone) -> dict[PaneId, int]:
    """Return for each pane with output in the zone the offset from which on its terminal queries were not answered."""
    first: dict[PaneId, int] = {}
    for chunk in found.salvaged:
        if chunk.answered < len(chunk.data):
            first.setdefault(PaneId(chunk.pane), chunk.offset + chunk.answered)
    return first


def take_changes(server: Server, found: RecoveredZone) -> None:
    """Commit the events that the log does not have. An event that the state refuses is left out and reported."""
    logged = server.booted.recovered.next_lsn - 1
    known = set(server.engine.state.panes)
    for lsn, payload in found.events:
        if lsn <= logged:
            continue
        try:
            server.committer.commit(decode_events(payload, ignorable=True))
        except (EventRefused, PayloadDamaged, VersionUnknown) as refused:
            diagnostics.warning("change_not_salvaged", lsn=lsn, reason=str(refused))
            server.report.notes.append(
                f"a change in the landing zone could not be made again: {refused}"
            )
    state = server.engine.state
    for pane in sorted(set(state.panes) - known):
        server.report.panes.append(PaneReport(pane))
    server.report.panes[:] = [each for each in server.report.panes if each.pane in state.panes]


def take_output(server: Server, found: RecoveredZone, answers: dict[PaneId, bytes]) -> None:
    """Log and show the output that the log does not have, and say what is missing. Adds owed replies to `answers`."""
    said = sorted((*found.missing, *found.rotten), key=lambda entry: entry.stop)
    for chunk in found.salvaged:
        terminal = server.panes.get(PaneId(chunk.pane))
        if terminal is None:
            if PaneId(chunk.pane) in server.booted.recovered.orphans:
                server.report.notes.append(
                    f"%{chunk.pane}: {len(chunk.data)} bytes not logged: lost"
                )
            continue
        if chunk.offset > terminal.read_offset:
            _missing(server, terminal, chunk.offset, said)
        _take(server, terminal, chunk, answers)
    for entry in said:
        terminal = server.panes.get(PaneId(entry.pane))
        if terminal is not None and entry.stop > terminal.read_offset:
            _missing(server, terminal, entry.stop, (entry,))


def _take(
    server: Server, terminal: PaneTerminal, chunk: Salvaged, answers: dict[PaneId, bytes]
) -> None:
    known = terminal.read_offset - chunk.offset
    if known >= len(chunk.data):
        return
    data = chunk.data[known:]
    server.pipes.salvaged(terminal.id, terminal.read_offset, data)
    answered = max(chunk.answered - known, 0)
    replies = server.output.take_over(terminal, data, answered=answered)
    answers[terminal.id] = answers.get(terminal.id, b"") + replies


def _missing(
    server: Server, terminal: PaneTerminal, stop: int, said: Sequence[UnloggedOutput]
) -> None:
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
    lsn = server.committer.commit((event,))
    terminal.lost(LostOutput(lsn, start, stop, from_ms, to_ms))
    for report in server.report.panes:
        if report.pane == terminal.id:
            if not report.lost_bytes:
                report.lost_from, report.lost_since_ms = start, from_ms
            report.lost_bytes += stop - start
            report.lost_to, report.lost_before_ms = stop, to_ms
