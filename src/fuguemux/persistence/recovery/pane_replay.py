"""What happened to one pane after a checkpoint: a list of operations, from which its terminal is rebuilt later.

Output stays packed until it is requested.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from fuguemux.model import events as ev
from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.pane_files import StoredScreen
from fuguemux.persistence.scrollback.packs import zstd_content_size
from fuguemux.persistence.wal.record import (
    COMPRESSED,
    OUTPUT_PREFIX,
    Record,
    RecordPayloadDamaged,
    decode_output,
)


class Output(NamedTuple):
    """Bytes of the pane's program, from byte `offset` of all its output."""

    lsn: int
    offset: int
    data: bytes


class Resize(NamedTuple):
    """The pane got this size, in cells."""

    lsn: int
    columns: int
    rows: int


class Cleared(NamedTuple):
    """The pane's history was cleared by a command."""

    lsn: int


class Started(NamedTuple):
    """A process was started in the pane. `generation` 1 is its first."""

    lsn: int
    generation: int
    at_ms: int


class LostOutput(NamedTuple):
    """The pane's output from byte `start` up to `stop` is not in the log.

    It was written between two moments in wall-clock ms, 0 if not known.
    """

    lsn: int
    start: int
    stop: int
    from_ms: int = 0
    to_ms: int = 0


class EndedMark(NamedTuple):
    """The pane's program is gone: what it has shown up to here is its last screen."""

    lsn: int
    event: ev.ProgramEnded


Operation: TypeAlias = Output | Resize | Cleared | Started | LostOutput | EndedMark


class RecoveredPane:
    """A pane to be rebuilt: a terminal of `columns` by `rows` from `screen`, then every operation of `replay`.

    Lines that `replay` sends into history are added to the scrollback store, after the existing lines.
    """

    def __init__(self, pane: PaneId, columns: int, rows: int) -> None:
        self.pane = pane
        self.columns = columns
        self.rows = rows
        self.screen: StoredScreen | None = None
        """The screen as of `lsn`. None if it begins blank."""
        self.lsn = 0
        self.hold_lsn = 0
        """The first log record that is needed until the pane is rebuilt and stored again."""
        self.output_offset = 0
        self.end_offset = 0
        """The offset of the next byte that the pane's program writes."""
        self.lost_bytes = 0
        self.lost_from = 0
        self.lost_to = 0
        self.lost_before_ms = 0
        self.lost_since_ms = 0
        self._missing: list[LostOutput] = []
        self.known = True
        """Whether an event of the log says where the pane belongs."""
        self.problem = ""
        """Why a part from the checkpoint is missing. Empty if none is."""
        self.unread: list[str] = []
        """The missing parts: the screen, the scrollback, or both."""
        self._operations: list[_Pending] = []
        self._size = (columns, rows)
        self._last_lsn = 0

    @property
    def size(self) -> tuple[int, int]:
        """The columns and rows at the end of `replay`."""
        return self._size

    @property
    def end_lsn(self) -> int:
        """The LSN of the last record that the terminal contains at the end of `replay`."""
        return max(self.lsn, self._last_lsn)

    @property
    def output_bytes(self) -> int:
        """The number of bytes that `replay` yields."""
        return self.end_offset - self.output_offset - self.lost_bytes

    def lost_lines(self) -> int:
        """About how many lines the lost bytes were, estimated from the pane's other output. 0 if it cannot be estimated.

        If something was lost, unpacks everything that is to be replayed.
        """
        if not self.lost_bytes:
            return 0
        size = lines = 0
        try:
            for operation in self.replay():
                if isinstance(operation, Output):
                    size += len(operation.data)
                    lines += operation.data.count(b"\n")
        except RecordPayloadDamaged:
            return 0
        return round(self.lost_bytes * lines / size) if size else 0

    def replay(self) -> Iterator[Operation]:
        """Yield what happened to the pane after `lsn`, in order. May be called more than once."""
        expected = self.output_offset
        for operation in self._operations:
            if not isinstance(operation, _Logged):
                if isinstance(operation, Output):
                    expected = operation.offset + len(operation.data)
                elif isinstance(operation, LostOutput):
                    expected = operation.stop
                yield operation
                continue
            chunk = decode_output(operation.flags, operation.payload)
            offset, data = chunk.offset, chunk.data
            if offset > expected:
                yield self._lost(operation.lsn, expected, offset)
            elif offset < expected:
                data = data[expected - offset :]
                offset = expected
            if data:
                yield Output(operation.lsn, offset, data)
                expected = offset + len(data)

    def _lost(self, lsn: int, start: int, stop: int) -> LostOutput:
        """Return a loss, with its times if the log has them."""
        for said in self._missing:
            if said.start < stop and start < said.stop:
                return LostOutput(lsn, start, stop, said.from_ms, said.to_ms)
        return LostOutput(lsn, start, stop)

    def forget_replay(self) -> None:
        """Free the memory, because the terminal is rebuilt."""
        self._operations = []

    @property
    def ends_programs(self) -> bool:
        """Whether the end of a program is part of `replay`."""
        return any(isinstance(operation, EndedMark) for operation in self._operations)

    def add(self, operation: "Cleared | Started | EndedMark") -> None:
        """Add something that happened after everything added so far."""
        self._append(operation)

    def shown(self, lsn: int, data: bytes) -> None:
        """Add output that was logged while the pane waits to be rebuilt."""
        self._append(Output(lsn, self.end_offset, data))
        self.end_offset += len(data)

    def _append(self, operation: "_Pending") -> None:
        self._operations.append(operation)
        self._last_lsn = operation.lsn

    def missing(self, lost: LostOutput) -> None:
        """Add that output was shown and not logged. Output that exists nevertheless, before this, is not lost."""
        self._missing.append(lost)
        if lost.stop > self.end_offset:
            start = self.end_offset
            self._count_lost(start, lost.stop, lost.from_ms, lost.to_ms)
            self.end_offset = lost.stop
            self._append(lost._replace(start=start))
        elif self.lost_bytes and lost.start < self.lost_to and self.lost_from < lost.stop:
            self.lost_since_ms = self.lost_since_ms or lost.from_ms

    def _count_lost(self, start: int, stop: int, from_ms: int, before_ms: int) -> None:
        if not self.lost_bytes:
            self.lost_from = start
            self.lost_since_ms = from_ms
        self.lost_bytes += stop - start
        self.lost_to = stop
        self.lost_before_ms = before_ms

    def resized(self, lsn: int, columns: int, rows: int) -> None:
        """Add a size, if it is a new one. Also for changes while the pane waits to be rebuilt."""
        if (columns, rows) != self._size:
            self._size = (columns, rows)
            self._append(Resize(lsn, columns, rows))

    def add_output(self, record: Record) -> None:
        """Add an OUTPUT record. Raises RecordPayloadDamaged."""
        offset, size = _extent(record)
        if offset + size <= self.end_offset:
            return
        if offset > self.end_offset:
            said = self._lost(record.lsn, self.end_offset, offset)
            self._count_lost(self.end_offset, offset, said.from_ms, said.to_ms or record.time_ms)
        self.end_offset = offset + size
        self._append(_Logged(record.lsn, record.flags, record.payload))


class _Logged(NamedTuple):
    """An OUTPUT record, still packed."""

    lsn: int
    flags: int
    payload: bytes


_Pending: TypeAlias = _Logged | Output | Resize | Cleared | Started | LostOutput | EndedMark


def _extent(record: Record) -> tuple[int, int]:
    """The offset and size of an OUTPUT record's bytes, without unpacking them. Raises RecordPayloadDamaged."""
    if len(record.payload) < OUTPUT_PREFIX.size:
        raise RecordPayloadDamaged(f"output record {record.lsn} is too short")
    offset: int = OUTPUT_PREFIX.unpack_from(record.payload)[1]
    if record.flags & COMPRESSED:
        size = zstd_content_size(record.payload[OUTPUT_PREFIX.size :])
        if size is None:
            size = len(decode_output(record.flags, record.payload).data)
        return offset, size
    return offset, len(record.payload) - OUTPUT_PREFIX.size
