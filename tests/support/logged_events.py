"""Reads the events in the log of a running server, that is, what a start would know if everything were killed now."""

from pathlib import Path

from fuguemux.model.events import AnyEvent, ForegroundChanged, ProcessStarted
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.serialization import decode_events
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.record import RecordType


def events(state: Path) -> list[AnyEvent]:
    """All events in the log of this state directory, in order."""
    records = scan(RealStorage(), str(state / "wal")).records()
    structure = (record.payload for record in records if record.kind == RecordType.STRUCTURE)
    return [event for payload in structure for event in decode_events(payload)]


def foreground(state: Path, pane: int) -> tuple[bytes, ...]:
    """The command line of the last program that was logged for a pane. Empty: only the pane's own command."""
    words: tuple[bytes, ...] = ()
    for event in events(state):
        if isinstance(event, ProcessStarted) and event.pane == pane:
            words = ()
        elif isinstance(event, ForegroundChanged) and event.pane == pane:
            words = event.argv
    return words
