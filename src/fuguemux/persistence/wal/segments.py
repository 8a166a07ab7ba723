"""The segments of a log: which one is written, what replaces or follows it, and which are removed.

A segment whose fdatasync failed is never synced again: the kernel marks its pages clean and reports success afterwards. The
records that are not durable are kept in memory and go, by a `RehomeJob`, into a fresh segment.
"""

from collections.abc import Callable
from typing import Final

from fuguemux.observe.failpoints import reach
from fuguemux.persistence.storage.files import Bytes, Storage
from fuguemux.persistence.storage.whole_files import write_all
from fuguemux.persistence.wal.active import Active
from fuguemux.persistence.wal.durability import WriterOptions
from fuguemux.persistence.wal.extent import Extent
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.jobs import (
    OpenSegment,
    RehomeJob,
    next_block,
    replace_home,
    write_records,
)
from fuguemux.persistence.wal.record import record_bytes
from fuguemux.persistence.wal.segment import (
    RECORDS_OFFSET,
    SegmentHeader,
    discard,
    encode_header,
    seed_of,
    segment_name,
)
from fuguemux.persistence.wal.segment_files import SegmentFiles
from fuguemux.persistence.wal.space import Chore, Space
from fuguemux.persistence.wal.state import LogState

SPARE_WANTED_PART: Final = 4  # a spare is made when a quarter of the segment is used


class Segments:
    """The segments of one log, from the oldest to the active one. Belongs to the thread that owns the writer."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        state: LogState,
        space: Space,
        found: ScanReport,
        *,
        options: WriterOptions,
        clock_ms: Callable[[], int],
        entropy: Callable[[int], bytes],
    ) -> None:
        self._storage = storage
        self._directory = directory
        self._state = state
        self.space = space
        self._extra_bytes = options.unsynced_bytes_max // 8
        self._clock_ms = clock_ms
        self._entropy = entropy
        self._extent = Extent(found, state.next_lsn)
        self._files = SegmentFiles(storage)
        self.active: Active | None = None
        """The segment that is being written. None: records stay in memory until the next one is open."""

    @property
    def active_header(self) -> SegmentHeader | None:
        """The header of the active segment."""
        return self.active.header if self.active is not None else None

    @property
    def newest_base_lsn(self) -> int:
        """The first LSN of the active segment; 0 while there is none."""
        return self.active.header.base_lsn if self.active is not None else 0

    @property
    def first_lsn(self) -> int:
        """The oldest LSN that the log still holds; that of the next record while it holds none."""
        return self._extent.first_lsn or self._state.next_lsn

    @property
    def count(self) -> int:
        """How many segments the log consists of."""
        return self._extent.segments

    def bytes_since(self, lsn: int) -> int:
        """The size of the log from `lsn` on, at most 256 KiB too much."""
        staged = self.active.staged_bytes if self.active is not None else 0
        return self._extent.bytes_since(lsn) + staged

    # -- the active segment ------------------------------------------------------------------

    def open(self, room: int) -> Active | None:
        """Open a segment with `room` bytes for records as the newest one. Its header is staged, to be written with them.

        None: the disk refused, and the state knows. Blocks if no spare is ready.
        """
        home = self.space.take_spare(room)
        if home is None:
            try:
                home = self.space.make_now(room)
            except OSError as error:
                self.space.refused(error)
                self._state.failed = True  # no other file is left to be tried at once
                self.fail(error)
                return None
        header = replace_home(self._header(self._state.next_lsn), home)
        return self._begin(home, header)

    def follow(self, room: int) -> Active | None:
        """Leave the active segment, which is full, and open the next one. What is staged must have been written.

        None: memory keeps the records, and the state knows.
        """
        if self.active is None:
            return None
        if self._state.replacing:
            # It is being replaced, or is a replacement that is not durable yet. A power failure could keep a segment
            # after it but not the segment itself, and so void the one that it replaces. So new records wait in
            # memory.
            self.lose()
            self._state.failed = True
            return None
        self._files.filled(self.active.file, self._state.last_lsn)
        self.active = None
        reach("log.segment_full")
        opened = self.open(room)
        reach("log.segment_begun")
        return opened

    def lose(self) -> None:
        """Give the active segment up, and what is staged for it; its records are in memory."""
        if self.active is not None:
            self._files.abandon(self.active.file)
            self.active = None

    def fail(self, error: OSError) -> None:
        """A file refused: no file with records that are not durable can be trusted any more."""
        self._files.abandon_full()
        self._state.fail(error)

    def take_staged(self, active: Active) -> list[Bytes]:
        """The buffers staged for the active segment, which have their place in it from now on."""
        size = active.staged_bytes
        parts = active.take_staged()
        self._extent.grow(size, self._state.next_lsn)
        return parts

    def _header(self, base_lsn: int) -> SegmentHeader:
        state = self._state
        return SegmentHeader(
            store_id=state.store_id,
            segment_id=0,
            base_lsn=base_lsn,
            salt=int.from_bytes(self._entropy(8), "little"),
            previous_id=self._extent.newest_id,
            previous_last_lsn=base_lsn - 1,
            durable_lsn=min(state.durable_lsn, base_lsn - 1),
            opened_ms=self._clock_ms(),
            segment_bytes=0,
            life=state.life,
            life_base_lsn=state.life_base_lsn,
        )

    def _begin(self, home: OpenSegment, header: SegmentHeader) -> Active:
        """Begin with an empty segment, whose header is staged."""
        active = self._activate(home, header, 0)
        active.staged, active.staged_bytes = [encode_header(header)], RECORDS_OFFSET
        return active

    def _activate(self, home: OpenSegment, header: SegmentHeader, position: int) -> Active:
        self.space.used(home.segment_id)
        self._extent.add(header.base_lsn, home.segment_id)
        self.active = Active(home.file, header, seed_of(header.salt), position)
        return self.active

    # -- syncs -------------------------------------------------------------------------------

    def unsynced_files(self, active: Active) -> tuple[int, ...]:
        """The files that may hold records which are not durable, oldest first."""
        return (*self._files.full, active.file)

    def synced(self, lsn: int) -> None:
        """Everything up to `lsn` is durable: close the files that hold nothing else."""
        self._files.synced(lsn)

    def let_go(self) -> None:
        """Close the files that were given up: a durable segment holds their records."""
        self._files.let_go()

    # -- replacement -------------------------------------------------------------------------

    def rehome_job(self) -> RehomeJob:
        """The job that writes every record that is not durable into a fresh segment. Hand it to `rehomed`."""
        state = self._state
        room = state.unsynced_bytes + next_block(1) + self._extra_bytes
        records = tuple(state.kept)
        header = self._header(state.durable_lsn + 1)
        if records:
            header = header._replace(opened_ms=records[0].time_ms)
        return RehomeJob(
            self._storage,
            self._directory,
            self.space.take_spare(room),
            self.space.next_id(),
            self.space.hasty_bytes(room),
            records,
            header,
        )

    def rehomed(self, job: RehomeJob, error: OSError | None) -> None:
        """Take note of how the job went: the fresh segment becomes the active one."""
        if error is None:
            error = self._adopt(job)
        if error is not None:
            self.space.refused(error)
            self.fail(error)

    def _adopt(self, job: RehomeJob) -> OSError | None:
        """Make the fresh segment the active one: records that came meanwhile go first, the header last."""
        home, state = job.home, self._state
        assert home is not None
        newer = [record for record in state.kept if record.lsn > job.last_lsn]
        position = next_block(job.end)
        room = home.segment_bytes - position
        if sum(record_bytes(len(record.payload)) for record in newer) > room:
            job.drop()  # there is no room for what came meanwhile: try again with a larger one
            return None
        if not state.kept:
            # There are no such records: the header is written with the first record, as in any new segment.
            self.lose()
            self._begin(home, job.header)
            state.failed = False
            self.space.accepted()
            state.settle()
            return None
        try:
            position = write_records(self._storage, home.file, newer, job.header, position)
            write_all(self._storage, home.file, [encode_header(job.header)], 0)
        except OSError as error:
            if not self.space.give_up(home):
                self.lose()  # what it would take may be void
            return error
        self.lose()
        self.space.accepted()
        self._activate(home, job.header, position)
        self._extent.replace_from(job.header.base_lsn, position)
        state.rehomed()
        return None

    # -- space and retention -----------------------------------------------------------------

    def chore(self) -> Chore | None:
        """Work to be done ahead of time on any thread, to be handed back to `chore_done`."""
        active = self.active
        wanted = (
            active is not None
            and active.position * SPARE_WANTED_PART >= active.header.segment_bytes
        )
        return self.space.chore(spare_wanted=wanted)

    def chore_done(self, chore: Chore, error: OSError | None) -> None:
        """Take note of how a chore went; a full disk is first noticed here."""
        self.space.chore_done(chore, error)
        self._state.settle()

    def truncate_before(self, lsn: int) -> int:
        """Have a chore remove every segment that holds only LSNs below `lsn`; how many."""
        state = self._state
        if state.replacing:
            return 0  # old segments hold what their replacement does not yet hold durably
        # The last durable record stays until something follows it: else the log would have no header.
        begun = self.newest_base_lsn and self.newest_base_lsn <= state.durable_lsn
        dead = self._extent.cut(min(lsn, state.durable_lsn + 1 if begun else state.durable_lsn))
        self.space.bury(dead)
        return len(dead)

    def relocate(self) -> None:
        """Forget every segment: the directory is another one by now, or was made again."""
        self.lose()
        self._files.close()
        self.space.relocate(self._state.store_id)
        self._extent.restart(self._state.durable_lsn + 1)

    def close(self) -> OSError | None:
        """Close every file and remove what was made ahead of time; the last close that failed."""
        active = self.active
        if active is not None and active.position == 0:
            self.active = None  # nothing was ever written to it
            name = segment_name(active.header.segment_id)
            discard(self._storage, f"{self._directory}/{name}", active.file)
        self.lose()
        self._files.close()
        self.space.close()
        return self._files.problem
