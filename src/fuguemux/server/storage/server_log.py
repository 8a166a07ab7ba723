"""The log as the rest of the server sees it: events from the committer and output from panes, with one order of LSNs for
both.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from fuguemux.model.events import IGNORABLE as OPTIONAL
from fuguemux.model.events import AnyEvent
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.storage.serialization import encode_events
from fuguemux.persistence.storage.withholding import Withhold
from fuguemux.persistence.wal.record import IGNORABLE, RecordType
from fuguemux.server.storage.flusher import Flusher


class RecordState(Protocol):
    """What the log knows of its records."""

    @property
    def next_lsn(self) -> int: ...

    @property
    def congested(self) -> bool: ...

    @property
    def output_stopped(self) -> bool: ...


class RecordWriter(Protocol):
    """The part of the log writer that is used here."""

    @property
    def state(self) -> RecordState: ...

    def append(self, kind: RecordType, payload: bytes, flags: int = 0) -> int: ...

    def append_output(self, pane: int, offset: int, data: memoryview) -> int | None: ...


class ServerLog:
    """Implements engine.ports.EventLog and output_port.OutputLog over one writer."""

    def __init__(
        self, writer: RecordWriter, flusher: Flusher, withhold: Callable[[], Withhold | None]
    ) -> None:
        self._writer = writer
        self._state = writer.state
        self._flusher = flusher
        self._withhold = withhold
        self._persists: Callable[[int], bool] = lambda _pane: True
        self._keep: Callable[[int, bytes], bool] = lambda _lsn, _payload: False

    def connect(
        self, *, persists: Callable[[int], bool], keep: Callable[[int, bytes], bool]
    ) -> None:
        """Connect the parts that are built after this one.

        `persists` returns whether a pane's output may be stored on disk. `keep` keeps an event where it outlives this
        process, until the kernel has its record; it returns False if it cannot.
        """
        self._persists = persists
        self._keep = keep

    @property
    def next_lsn(self) -> int:
        """The LSN of the next record."""
        return self._state.next_lsn

    @property
    def written_lsn(self) -> int:
        """The last LSN that the kernel has, with all records before it."""
        return self._flusher.written_lsn

    @property
    def output_stopped(self) -> bool:
        """Whether only structure is logged, because the disk is full or refuses."""
        return self._state.output_stopped

    @property
    def congested(self) -> bool:
        """Whether panes should not be read for now."""
        return self._state.congested

    def append_events(self, events: Sequence[AnyEvent]) -> int:
        """Append one record and return its LSN. On return the kernel has it, or the landing zone keeps it while the disk
        is slow or refuses.

        If the zone cannot take it, a slow disk is waited for; if the disk refuses, the record is only in memory. Raises
        OSError when no more can be kept either.
        """
        payload = encode_events(events, self._withhold())
        flags = IGNORABLE if all(isinstance(event, OPTIONAL) for event in events) else 0
        reach("commit.before_append")
        lsn = self._writer.append(RecordType.STRUCTURE, payload, flags)
        if not self._flusher.write() and not self._keep(lsn, payload):
            self._flusher.write_now()
        reach("commit.after_write")
        return lsn

    def append_output(self, pane: int, offset: int, data: memoryview) -> int | None:
        """Encode a pane's output. Returns its LSN, or None if it is not logged."""
        if not self._persists(pane):
            return None
        return self._writer.append_output(pane, offset, data)

    def write(self) -> bool:
        """Hand everything appended to the kernel in one call. Returns False if the kernel does not have all of it."""
        return self._flusher.write()

    def write_now(self) -> bool:
        """Do as `write`, and wait for a slow disk."""
        return self._flusher.write_now()
