"""Appending to the log. Synchronous and without threads; the clock and chance are handed in.

    lsn = writer.append(RecordType.STRUCTURE, payload)   frames into memory
    writer.write()                                       one pwrite: survives SIGKILL
    job = writer.sync_job(); job.run(); writer.sync_done(job, error)   survives power loss

`run` blocks and belongs on a thread; everything else belongs on the one thread that owns the
writer and does not block (but for making a segment in haste when no spare is ready).

A file whose fdatasync failed is never synced again: the kernel marks its pages clean and lies
about them. What is not durable is kept in memory and goes, by a job, into a fresh segment.
"""

import os
from collections import deque
from collections.abc import Callable
from typing import Final

from fuguemux.observe.failpoints import reach
from fuguemux.persistence.storage.files import Bytes, FileRemoved, Storage, write_all
from fuguemux.persistence.wal.durability import (
    Durability,
    LogUnavailable,
    Standing,
    WriterOptions,
    describe,
)
from fuguemux.persistence.wal.extent import Extent
from fuguemux.persistence.wal.figures import Figures
from fuguemux.persistence.wal.frame import (
    CLASS_FLAGS,
    HEADER_BYTES,
    IGNORABLE,
    LAG_UNKNOWN,
    PADDING,
    PAYLOAD_BYTES_MAX,
    TIME_DELTA_MS_MAX,
    Record,
    RecordType,
    encode_output,
    frame_bytes,
    frame_header,
)
from fuguemux.persistence.wal.jobs import (
    Active,
    OpenSegment,
    RehomeJob,
    SyncJob,
    joined,
    next_block,
    replace_home,
    write_records,
)
from fuguemux.persistence.wal.reader import LogScan
from fuguemux.persistence.wal.sealing import Sealing
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
from fuguemux.persistence.wal.watermark import Watermark

__all__ = ["Durability", "LogUnavailable", "LogWriter", "Watermark", "WriterOptions"]

SPARE_WANTED_PART: Final = 4  # a spare is made when a quarter of the segment is used
KEPT_BYTES_MAX: Final = 64 << 20
_NUMBERS: Final = tuple(range(max(RecordType) + 1))  # plain integers are packed twice as fast


class LogWriter(Figures):
    """The one writer of a log. Made by `start`."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        log: LogScan,
        *,
        options: WriterOptions,
        clock_ms: Callable[[], int],
        monotonic_ms: Callable[[], int],
        entropy: Callable[[int], bytes],
        on_durability: Callable[[Durability, str], None],
        watermark: Watermark | None = None,
    ) -> None:
        report = log.finish()
        self._storage = storage
        self._directory = directory
        self._options = options
        self._clock_ms = clock_ms  # dates records, and decides nothing: it may be set
        self._entropy = entropy
        self._standing = Standing(on_durability, monotonic_ms)
        self.store_id = report.store_id or entropy(16)
        self._kept: deque[Record] = deque(log.undurable_records())
        self.next_lsn = report.last_lsn + 1
        self.durable_lsn = report.last_lsn - len(self._kept)
        self.written_lsn = report.last_lsn
        self._first_lsn = self.next_lsn
        # Everything up to here is testified to by something behind it, or is itself testimony.
        self._proven_lsn = 0 if self._kept else report.last_lsn
        self._proof_lsn = 0
        self.life = int.from_bytes(entropy(8), "little")
        # A checkpoint may know of more than the log: what earlier lives left behind their common end is not of it.
        self._life_base_lsn = min(self.durable_lsn, max(report.end_lsn, report.proven_lsn)) + 1
        self.unsynced_bytes = sum(frame_bytes(len(record.payload)) for record in self._kept)
        self._was_clean = report.clean
        self._extent = Extent(report, self.next_lsn)
        self._space = Space(
            storage,
            directory,
            segment_bytes=options.segment_bytes,
            hasty_segment_bytes=options.first_segment_bytes,
            ballast_bytes=options.ballast_bytes,
            found=report,
            monotonic_ms=monotonic_ms,
        )
        self._active: Active | None = None
        self._staged: list[Bytes] = []
        self._staged_bytes = 0
        self._files = SegmentFiles(storage)
        self._sealing = Sealing(watermark, self.store_id, log.mark, clock_ms)
        self._job: SyncJob | RehomeJob | None = None
        self._failed = False
        self._rehomed_lsn = 0  # durability returns when this is durable
        self.fsync_failures, self._removed = 0, False
        self.deferred = False  # writes are slow: jobs do them, and `write` does nothing

    @classmethod
    def start(
        cls,
        storage: Storage,
        directory: str,
        log: LogScan,
        *,
        clock_ms: Callable[[], int],
        monotonic_ms: Callable[[], int],
        entropy: Callable[[int], bytes],
        on_durability: Callable[[Durability, str], None] = lambda _state, _reason: None,
        options: WriterOptions | None = None,
        watermark: Watermark | None = None,
    ) -> "LogWriter":
        """Go on behind what `log` found (its records must have been read), in a new segment.

        Records that nothing proves to be durable are first written anew and synced, since the
        page cache they were read from may hold what the disk does not. Blocks for that. A disk
        that refuses does not raise: the writer then starts with its durability lost, and retries.
        `watermark` is kept up with what becomes durable; None: nobody says so outside the log.
        """
        storage.make_directory(directory)
        storage.fsync_directory(os.path.dirname(directory) or ".")
        writer = cls(
            storage,
            directory,
            log,
            options=options or WriterOptions(),
            clock_ms=clock_ms,
            monotonic_ms=monotonic_ms,
            entropy=entropy,
            on_durability=on_durability,
            watermark=watermark,
        )
        if writer._kept:
            writer._failed = True
            writer._run_now()
            writer._run_now()  # the header, behind the records
        else:
            writer._open_segment(0)
        # Where only a checkpoint knows of the last records, the log must not be said to be durable up to them before the
        # header of this life is: what was left behind its end would count as what follows them.
        if log.report.last_lsn <= max(log.report.end_lsn, log.report.proven_lsn):
            writer._sealing.say(writer.durable_lsn, writer._active_header())
        writer._settle()
        return writer

    # -- appending ---------------------------------------------------------------------------

    def append(self, kind: RecordType, payload: bytes, flags: int = 0) -> int:
        """Frame a record; its LSN. It survives nothing before `write`.

        Raises LogUnavailable when the disk has refused for very long, ValueError for a payload
        above `PAYLOAD_BYTES_MAX`.
        """
        length = len(payload)
        if length > PAYLOAD_BYTES_MAX:
            raise ValueError(f"a record of {length} bytes is above {PAYLOAD_BYTES_MAX}")
        if self.unsynced_bytes > KEPT_BYTES_MAX:
            raise LogUnavailable(f"the log cannot be written: {self.reason}")
        needed = HEADER_BYTES + length + (-length & 7)
        number = _NUMBERS[kind]
        lsn = self.next_lsn
        active = self._active
        if active is not None:
            end = active.position + self._staged_bytes + needed
            if end > active.header.segment_bytes:
                self._rotate(needed)
                active = self._active
        elif not self._failed:
            self._open_segment(needed)
            active = self._active
        now_ms = self._clock_ms()
        flags |= CLASS_FLAGS[number]
        self._kept.append(Record(lsn, number, flags, now_ms, payload))
        self.next_lsn = lsn + 1
        self.unsynced_bytes += needed
        if active is not None:
            header = active.header
            lag = lsn - self.durable_lsn
            if lag > LAG_UNKNOWN:
                lag = LAG_UNKNOWN
            delta = now_ms - header.opened_ms
            if not 0 <= delta <= TIME_DELTA_MS_MAX:
                delta = 0 if delta < 0 else TIME_DELTA_MS_MAX
            staged = self._staged
            staged.append(frame_header(number, flags, lsn, lag, delta, payload, active.seed))
            staged.append(payload)
            if length & 7:
                staged.append(PADDING[length & 7])
            self._staged_bytes += needed
        return lsn

    def append_output(self, pane: int, offset: int, data: Bytes) -> int | None:
        """Frame what a pane's program wrote; copies `data`. None: output is not being logged.

        `offset` is the position of the first byte in the pane's output since its birth; a reader
        sees by the next record's offset what was left out. Panes must run on either way.
        """
        if self.output_stopped:
            return None
        flags, payload = encode_output(pane, offset, data)
        return self.append(RecordType.OUTPUT, payload, flags)

    def prove(self) -> int | None:
        """Once all is durable, frame a small record that says so; its LSN, None if there is no need.

        Rot in the last records before it then shows as damage, not as a write that never finished.
        """
        settled = self.durable_lsn == self.next_lsn - 1 and self._active is not None
        if not self.unproven or not settled or self.troubled or self._job is not None:
            return None
        self._proof_lsn = self._proven_lsn = self.append(RecordType.PROOF, b"", IGNORABLE)
        return self._proof_lsn

    @property
    def unproven(self) -> bool:
        """Whether the last records have nothing behind them that testifies to them."""
        return self.next_lsn - 1 > self._proven_lsn

    @property
    def content_lsn(self) -> int:
        """The last record, not counting testimony: an idle log does not change it."""
        last = self.next_lsn - 1
        return last - 1 if last == self._proof_lsn else last

    @property
    def troubled(self) -> bool:
        """Whether something is wrong with the segments or the space for them."""
        waiting = self._failed or self.durable_lsn < self._rehomed_lsn
        return waiting or bool(self._space.problem)

    @property
    def congested(self) -> bool:
        """Whether so much waits for the disk that panes should not be read for now."""
        return self.unsynced_bytes > self._options.unsynced_bytes_max

    def write(self, *, now: bool = False) -> bool:
        """Hand all staged bytes to the kernel in one call; whether everything appended is with it now.

        False: the disk refused, or a job is to write it: memory keeps it. While `deferred` is set, or a job has something to
        write that comes before, only `now` writes at once; what the job has it leaves alone, since that may be durable by now.
        """
        active, job = self._active, self._job
        ahead = isinstance(job, SyncJob) and job.parts
        if active is None or ((self.deferred or ahead) and not now):
            return self.written_lsn == self.next_lsn - 1
        if self._staged and not active.header_alone(self.next_lsn):
            position = active.position
            try:
                write_all(self._storage, active.file, self._take_staged(active), position)
            except OSError as error:
                self._lose_segment()
                self._fail(error)
                return False
        self._note_written()
        return self.written_lsn == self.next_lsn - 1

    def parts_written(self, job: SyncJob) -> None:
        """A job under way has handed over to the kernel what it had to write; it is not durable yet."""
        if job is self._job and job.parts:
            job.parts = ()
            self.written_lsn = max(self.written_lsn, job.through_lsn)

    def _note_written(self) -> None:
        """All is with the kernel, unless a job still has to write what was deferred to it."""
        if not (isinstance(self._job, SyncJob) and self._job.parts) and not self._staged:
            self.written_lsn = self.next_lsn - 1

    def _take_staged(self, active: Active) -> list[Bytes]:
        """The staged buffers, which now have their place in the active segment."""
        parts, size = self._staged, self._staged_bytes
        self._staged, self._staged_bytes = [], 0
        active.position += size
        self._extent.grow(size, self.next_lsn)
        return joined(parts, size)

    # -- segments ----------------------------------------------------------------------------

    def begin_segment(self) -> bool:
        """Have what comes next stand in a new segment, so that all before it can be removed.

        Its header goes out now, with a record that says nothing. False: not while the disk refuses.
        """
        if self._failed or self.durable_lsn < self._rehomed_lsn:
            return False
        active = self._active
        if active is not None and active.header.base_lsn > self.content_lsn:
            return True  # nothing of worth stands in it yet
        self._rotate(frame_bytes(0))
        if self._active is None:
            return False
        self._proof_lsn = self.append(RecordType.PROOF, b"", IGNORABLE)
        return self.write(now=True)

    def _rotate(self, needed: int) -> None:
        """Leave the full segment for the next one; without one, memory keeps the records."""
        self.write(now=True)
        active = self._active
        if active is None:
            return
        if self._failed or self.durable_lsn < self._rehomed_lsn:
            # It is being replaced, or is a replacement that is not durable yet: a segment behind
            # it could outlive it and void the one it replaces. What comes now waits in memory.
            self._lose_segment()
            self._failed = True
            return
        self._files.filled(active.file, self.next_lsn - 1)
        self._active = None
        reach("log.segment_full")
        self._open_segment(needed)
        reach("log.segment_begun")

    def _open_segment(self, needed: int) -> None:
        """Make a segment the log's newest. Its header goes out with its first records."""
        home = self._space.take_spare(needed)
        if home is None:
            try:
                home = self._space.make_now(needed)
            except OSError as error:
                self._space.refused(error)
                self._failed = True
                self._fail(error)
                return
        header = replace_home(self._header(self.next_lsn), home)
        self._activate(home, header, 0)
        self._staged = [encode_header(header)]
        self._staged_bytes = RECORDS_OFFSET

    def _header(self, base_lsn: int) -> SegmentHeader:
        return SegmentHeader(
            store_id=self.store_id,
            segment_id=0,
            base_lsn=base_lsn,
            salt=int.from_bytes(self._entropy(8), "little"),
            previous_id=self._extent.newest_id,
            previous_last_lsn=base_lsn - 1,
            durable_lsn=min(self.durable_lsn, base_lsn - 1),
            opened_ms=self._clock_ms(),
            segment_bytes=0,
            life=self.life,
            life_base_lsn=self._life_base_lsn,
        )

    def _activate(self, home: OpenSegment, header: SegmentHeader, position: int) -> None:
        self._space.used(home.segment_id)
        self._extent.add(header.base_lsn, home.segment_id)
        self._active = Active(home.file, header, seed_of(header.salt), position)

    def _lose_segment(self) -> None:
        """Give the active segment up; its records are in memory."""
        if self._active is not None:
            self._files.abandon(self._active.file)
            self._active = None
        self._staged, self._staged_bytes = [], 0

    # -- durability --------------------------------------------------------------------------

    def sync_job(self) -> SyncJob | RehomeJob | None:
        """What to run so that everything appended so far becomes durable.

        None when there is nothing to do, a job is under way, or a retry is not due yet. The
        caller must hand the job back to `sync_done`.
        """
        if self._job is not None or self._removed:
            return None
        self.write()
        if self._failed:
            if not self._standing.due:
                return None
            self._job = self._rehome_job()
            return self._job
        active = self._active
        if active is None or self.next_lsn - 1 <= self.durable_lsn:
            return None
        position = active.position
        parts = self._take_staged(active) if self._staged else []  # only if writes are deferred
        # A durable byte is never rewritten: what comes next starts in a block of its own.
        active.position = next_block(active.position)
        files = (*self._files.full, active.file)
        job = SyncJob(self._storage, files, self.next_lsn - 1, parts, position)
        self._sealing.put(job, active.header, idle=job.through_lsn == self._proof_lsn)
        self._job = job
        return self._job

    def sync_done(self, job: SyncJob | RehomeJob, error: OSError | None) -> None:
        """Take note of how a job went. `durable_lsn` and `durability` may have changed."""
        self._job = None
        if isinstance(job, RehomeJob):
            if error is None:
                error = self._adopt(job)
            if error is not None:
                self._space.refused(error)
                self._fail(error)
            return
        if error is not None:
            self.fsync_failures += 1
            # What is durable already went with it: a new home for the rest would only look like health.
            self._removed = isinstance(error, FileRemoved)
            if job.parts:
                self._lose_segment()  # perhaps they were not even written
            self._fail(error)
            return
        self.written_lsn = max(self.written_lsn, job.through_lsn)
        if self._active is not None:
            self._note_written()
        self._sealing.synced(job.mark)
        self._files.synced(job.through_lsn)
        self._advance(job.through_lsn)

    def watermark_changed(self) -> None:
        """The watermark is refused, or is no more: durability says so."""
        self._settle()

    def _advance(self, lsn: int) -> None:
        kept = self._kept
        while kept and kept[0].lsn <= lsn:
            self.unsynced_bytes -= frame_bytes(len(kept.popleft().payload))
        self.durable_lsn = max(self.durable_lsn, lsn)
        if not self._failed and self.durable_lsn >= self._rehomed_lsn:
            self._standing.recovered()
            self._files.let_go()
            self._settle()

    def _settle(self) -> None:
        """Durability as the space for the log allows it."""
        if self._failed or self.durable_lsn < self._rehomed_lsn:
            return
        if self._space.problem:
            what = "output is not logged" if self._space.full else "no spare segment"
            self._standing.become(Durability.DEGRADED, f"{self._space.problem}: {what}")
        elif self._sealing.problem:
            self._standing.become(Durability.DEGRADED, self._sealing.problem)
        else:
            self._standing.become(Durability.OK, "")

    def _fail(self, error: OSError) -> None:
        """The files with records that are not durable can no longer be trusted."""
        again = self._failed or self._removed or self._rehomed_lsn > self.durable_lsn
        self._failed = True
        self._files.abandon_full()
        self._standing.failed(error, again=again, room=self._space.room)

    def _rehome_job(self) -> RehomeJob:
        room = self.unsynced_bytes + next_block(1) + self._options.unsynced_bytes_max // 8
        base = self.durable_lsn + 1
        records = tuple(self._kept)
        header = self._header(base)
        if records:
            header = header._replace(opened_ms=records[0].time_ms)
        return RehomeJob(
            self._storage,
            self._directory,
            self._space.take_spare(room),
            self._space.next_id(),
            self._space.hasty_bytes(room),
            records,
            header,
        )

    def _adopt(self, job: RehomeJob) -> OSError | None:
        """Make the fresh segment the log's: what came meanwhile first, the header last."""
        home = job.home
        assert home is not None
        newer = [record for record in self._kept if record.lsn > job.last_lsn]
        position = next_block(job.end)
        room = home.segment_bytes - position
        if sum(frame_bytes(len(record.payload)) for record in newer) > room:
            job.drop()  # more came than it has room for: once more, with a larger one
            return None
        if not self._kept:
            # Nothing to carry: the header goes out with the first record, as in any new segment.
            self._lose_segment()
            self._activate(home, job.header, 0)
            self._staged, self._staged_bytes = [encode_header(job.header)], RECORDS_OFFSET
            self._failed = False
            self._space.accepted()
            self._settle()
            return None
        try:
            position = write_records(self._storage, home.file, newer, job.header, position)
            write_all(self._storage, home.file, [encode_header(job.header)], 0)
        except OSError as error:
            if not self._space.give_up(home):
                self._lose_segment()  # what it would take may be void
            return error
        self._lose_segment()
        self._space.accepted()
        self._activate(home, job.header, position)
        self._extent.replace_from(job.header.base_lsn, position)
        self._failed = False
        self.written_lsn = self._rehomed_lsn = self.next_lsn - 1
        return None

    def _run_now(self) -> None:
        """Run what `sync_job` gives in this thread."""
        job = self.sync_job()
        if job is None:
            return
        try:
            job.run()
        except OSError as error:
            self.sync_done(job, error)
        else:
            self.sync_done(job, None)

    # -- space -------------------------------------------------------------------------------

    def chore(self) -> Chore | None:
        """Work to be done ahead of time on any thread, to be handed back to `chore_done`."""
        active = self._active
        wanted = (
            active is not None
            and active.position * SPARE_WANTED_PART >= active.header.segment_bytes
        )
        return self._space.chore(spare_wanted=wanted)

    def chore_done(self, chore: Chore, error: OSError | None) -> None:
        """Take note of how a chore went; a full disk is first noticed here."""
        self._space.chore_done(chore, error)
        self._settle()

    def truncate_before(self, lsn: int) -> int:
        """Have every segment removed that holds only LSNs below `lsn`; how many (by a chore)."""
        if self._failed or self.durable_lsn < self._rehomed_lsn:
            return 0  # old segments hold what their replacement does not yet hold durably
        # The last durable record stays until something follows it: else the log would have no header.
        begun = self.newest_base_lsn and self.newest_base_lsn <= self.durable_lsn
        dead = self._extent.cut(min(lsn, self.durable_lsn + 1 if begun else self.durable_lsn))
        self._space.bury(dead)
        return len(dead)

    def relocate(self) -> None:
        """Go on in a log that begins anew: its directory is another one by now, or was made again.

        No job or chore may be under way. What is durable is so in the log that was: a checkpoint has to follow.
        """
        self._lose_segment()
        self._files.close()
        self._space.relocate(self.store_id)
        self._extent.restart(self.durable_lsn + 1)
        self._failed, self._removed = True, False  # the next job writes what is kept anew
        self._standing.try_now()
        self._sealing.relocate()

    @property
    def removed(self) -> bool:
        """Whether a file of the log was removed: nothing becomes durable before `relocate`."""
        return self._removed

    def bytes_since(self, lsn: int) -> int:
        """The size of the log from `lsn` on, at most 256 KiB too much."""
        return self._extent.bytes_since(lsn) + self._staged_bytes

    def _active_header(self) -> SegmentHeader | None:
        return self._active.header if self._active is not None else None

    @property
    def newest_base_lsn(self) -> int:
        """The first LSN of the newest segment; 0 while there is none."""
        return self._active.header.base_lsn if self._active is not None else 0

    def close(self, *, clean: bool = True) -> bool:
        """Sync what is left, mark the end as clean, close. False: something is not durable.

        No job or chore may be under way. Blocks for two fdatasyncs.
        """
        ended = self._was_clean and self.next_lsn == self._first_lsn
        last_lsn = self.durable_lsn
        if clean and not ended:
            self._run_now()
            if self._failed:
                self._run_now()
                self._run_now()
            if not self._failed and self.durable_lsn == self.next_lsn - 1:
                last_lsn = self.append(RecordType.CLEAN, b"") - 1
                self._run_now()
                ended = self.durable_lsn > last_lsn
        durable = self.durable_lsn == self.next_lsn - 1
        if clean and ended:
            self._sealing.ended(last_lsn, self._active_header())
        self._sealing.close()
        active = self._active
        if active is not None and active.position == 0:
            self._active = None  # nothing was ever written to it
            name = segment_name(active.header.segment_id)
            discard(self._storage, f"{self._directory}/{name}", active.file)
        self._lose_segment()
        self._files.close()
        if self._files.problem is not None:
            self._standing.reason = self.reason or describe(self._files.problem)
        self._space.close()
        return durable
