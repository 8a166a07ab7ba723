"""The blocking steps of the log, as jobs that a thread can run.

A job owns the files that it touches until it is done. It neither reads nor changes the writer. The writer makes a job, the
flusher has a thread run it, and tells the writer how it went.
"""

from collections.abc import Callable, Sequence

import msgspec

from fuguemux.observe.failpoints import reach
from fuguemux.persistence.storage.files import NO_SPACE, Bytes, Storage
from fuguemux.persistence.storage.whole_files import write_all
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.record import (
    BLOCK_BYTES,
    LAG_UNKNOWN,
    PADDING,
    TIME_DELTA_MS_MAX,
    Record,
    record_bytes,
    record_header,
)
from fuguemux.persistence.wal.segment import (
    HEADER_COPIES,
    RECORDS_OFFSET,
    SegmentHeader,
    create_segment,
    discard,
    encode_void,
    fill_with_zeros,
    seed_of,
    segment_id_of,
    segment_name,
)
from fuguemux.persistence.wal.watermark import Watermark


class OpenSegment(msgspec.Struct, frozen=True):
    """A segment file that is zero-filled and durably named."""

    file: int
    segment_id: int
    segment_bytes: int


def next_block(offset: int) -> int:
    """`offset`, or the start of the next 4 KiB block."""
    return -(-offset // BLOCK_BYTES) * BLOCK_BYTES


def make_segment(
    storage: Storage, directory: str, first_id: int, segment_bytes: int, *, filled: bool = True
) -> OpenSegment:
    """Create a segment under the first free identifier from `first_id` on. Raises OSError."""
    segment_id = first_id
    while True:
        try:
            file = create_segment(storage, directory, segment_id, segment_bytes, filled=filled)
        except FileExistsError:
            segment_id += 1
        else:
            return OpenSegment(file, segment_id, segment_bytes)


def encoded_records(
    records: Sequence[Record], durable_lsn: int, opened_ms: int, seed: int
) -> list[Bytes]:
    """The bytes of `records` for a segment with this seed, as buffers to be written in a row."""
    parts: list[Bytes] = []
    for record in records:
        lag = min(record.lsn - durable_lsn, LAG_UNKNOWN)
        delta = min(max(record.time_ms - opened_ms, 0), TIME_DELTA_MS_MAX)
        payload = record.payload
        parts.append(
            record_header(record.kind, record.flags, record.lsn, lag, delta, payload, seed)
        )
        parts.append(payload)
        parts.append(PADDING[len(payload) & 7])
    return parts


def _nothing() -> None:
    """The default of `SyncJob.wrote`."""


class SyncJob(msgspec.Struct):
    """fdatasync of every file that holds records up to `through_lsn`, oldest first.

    `parts`, if there are any, are first written to the last file, at `position`. Then `wrote` is called in the thread that
    runs the job, so that those who only need the write do not wait for the sync.
    """

    storage: Storage
    files: Sequence[int]
    through_lsn: int
    parts: Sequence[Bytes] = ()
    position: int = 0
    wrote: Callable[[], None] = _nothing
    watermark: Watermark | None = None
    mark: Mark | None = None
    idle: bool = False

    def run(self) -> None:
        """Block until everything is on the disk. Raises OSError."""
        parts = self.parts  # read once: the writer empties it in its own thread
        if parts:
            reach("log.before_deferred")
            write_all(self.storage, self.files[-1], parts, self.position)
            reach("log.deferred_written")
            self.wrote()
        for file in self.files:
            self.storage.fdatasync(file)

    def afterwards(self) -> bool:
        """Renew the watermark. Call it after `run` succeeded and those who wait for the sync were told.

        Blocks for a sync of the watermark only if the log is idle. Returns whether the watermark's problem has changed.
        """
        if self.watermark is None or self.mark is None:
            return False
        before = self.watermark.problem
        self.watermark.renew(self.mark)
        if self.idle:
            self.watermark.sync()
        return self.watermark.problem != before


class RehomeJob(msgspec.Struct):
    """Write the records that are not durable into a fresh segment, without its header.

    The header is written later and makes the segment a part of the log: until then the old segment counts.
    """

    storage: Storage
    directory: str
    target: OpenSegment | None
    first_id: int
    segment_bytes: int
    records: Sequence[Record]
    header: SegmentHeader
    home: OpenSegment | None = None
    end: int = RECORDS_OFFSET

    @property
    def last_lsn(self) -> int:
        """The highest LSN that the job writes."""
        return self.records[-1].lsn if self.records else self.header.base_lsn - 1

    def run(self) -> None:
        """Block until the records are on the disk. Raises OSError, leaving nothing behind."""
        self.home = self.target or make_segment(
            self.storage, self.directory, self.first_id, self.segment_bytes
        )
        try:
            self.header = replace_home(self.header, self.home)
            self.end = write_records(
                self.storage, self.home.file, self.records, self.header, RECORDS_OFFSET
            )
            self.storage.fdatasync(self.home.file)
        except OSError:
            self.drop()
            raise

    def drop(self) -> None:
        """Remove the segment, which did not become part of the log."""
        if self.home is not None:
            path = f"{self.directory}/{segment_name(self.home.segment_id)}"
            discard(self.storage, path, self.home.file)
            self.home = None


def replace_home(header: SegmentHeader, home: OpenSegment) -> SegmentHeader:
    """`header` with the identifier and the size of the segment that was found for it."""
    return header._replace(segment_id=home.segment_id, segment_bytes=home.segment_bytes)


def write_records(
    storage: Storage, file: int, records: Sequence[Record], header: SegmentHeader, offset: int
) -> int:
    """Write records into a segment at `offset`. Returns the offset behind them. Raises OSError."""
    parts = encoded_records(records, header.durable_lsn, header.opened_ms, seed_of(header.salt))
    if parts:
        write_all(storage, file, parts, offset)
    return offset + sum(record_bytes(len(record.payload)) for record in records)


class SpareJob(msgspec.Struct):
    """Make a spare: the next segment, before it is needed."""

    storage: Storage
    directory: str
    first_id: int
    segment_bytes: int
    spare: OpenSegment | None = None

    def run(self) -> None:
        """Block until the spare is durable. Raises OSError, leaving nothing behind."""
        self.spare = make_segment(self.storage, self.directory, self.first_id, self.segment_bytes)


class BallastJob(msgspec.Struct):
    """Make the file that is given up when the disk is full."""

    storage: Storage
    path: str
    size: int

    def run(self) -> None:
        """Block until the ballast takes its space. Raises OSError, leaving nothing behind."""
        file = self.storage.create(self.path)
        try:
            fill_with_zeros(self.storage, file, self.size)
            self.storage.fsync(file)
        except OSError:
            discard(self.storage, self.path, file)
            raise
        self.storage.close(file)


def invalidate(storage: Storage, directory: str, name: str) -> None:
    """Make a segment void, durably. Blocks for two fdatasyncs. Raises OSError.

    A power failure may undo the removal of a name, and the records would be back. The copies of the header are overwritten
    one after the other, since a power failure may leave garbage where bytes are being written.
    """
    number = segment_id_of(name)
    assert number is not None, "only segments are invalidated"
    file = storage.open(f"{directory}/{name}", writable=True)
    try:
        write_void(storage, file, number, durable=True)
    finally:
        storage.close(file)


def write_void(storage: Storage, file: int, number: int, *, durable: bool = False) -> None:
    """Overwrite the copies of a segment's header with the mark that it is void. `durable`: sync each. Raises OSError."""
    size, void = storage.size(file), encode_void(number)
    for copy in reversed(range(HEADER_COPIES)):
        offset = copy * BLOCK_BYTES
        if offset + len(void) <= size:
            write_all(storage, file, [void], offset)
            if durable:
                storage.fdatasync(file)


class DeleteJob(msgspec.Struct):
    """Remove segments that are not needed any more, oldest first."""

    storage: Storage
    directory: str
    names: Sequence[str]
    removed: list[str] = msgspec.field(default_factory=list)

    def run(self) -> None:
        """Block until the segments are gone, durably. Raises the first OSError, after trying all of them."""
        problem: OSError | None = None
        for name in self.names:
            try:
                self._remove(name)
            except FileNotFoundError:
                self.removed.append(name)
            except OSError as error:
                problem = problem or error
            else:
                self.removed.append(name)
        self.storage.fsync_directory(self.directory)
        if problem is not None:
            raise problem

    def _remove(self, name: str) -> None:
        try:
            invalidate(self.storage, self.directory, name)
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise  # on a full copy-on-write file system only the removal makes room
        self.storage.unlink(f"{self.directory}/{name}")
