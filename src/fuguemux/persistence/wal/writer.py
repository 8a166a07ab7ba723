"""Appends records to the log. It is synchronous and uses no threads. The clock and the source of random bytes are arguments.

    lsn = writer.append(RecordType.STRUCTURE, payload)   encodes into memory
    writer.write()                                       one pwrite: survives SIGKILL
    job = writer.sync_job(); job.run(); writer.sync_done(job, error)   survives power loss

`run` blocks, so a separate thread calls it. One thread owns the writer and calls everything else, which does not block,
except to create a segment when no spare is ready.

The writer encodes records and decides when they are written. Its `segments` decide which file they go to, and its `state`
says how far they are written and durable.
"""

import os
from collections.abc import Callable
from typing import Final

from fuguemux.persistence.storage.files import Bytes, Storage
from fuguemux.persistence.storage.whole_files import write_all
from fuguemux.persistence.wal.active import Active
from fuguemux.persistence.wal.durability import (
    Durability,
    DurabilityState,
    LogUnavailable,
    WriterOptions,
)
from fuguemux.persistence.wal.jobs import RehomeJob, SyncJob, next_block
from fuguemux.persistence.wal.marker import Marker
from fuguemux.persistence.wal.reader import LogScan
from fuguemux.persistence.wal.record import (
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
    record_bytes,
    record_header,
)
from fuguemux.persistence.wal.segments import Segments
from fuguemux.persistence.wal.space import Space
from fuguemux.persistence.wal.state import LogState
from fuguemux.persistence.wal.watermark import Watermark

__all__ = ["LogWriter", "WriterOptions"]

KEPT_BYTES_MAX: Final = 64 << 20
_NUMBERS: Final = tuple(range(max(RecordType) + 1))  # packing plain integers is twice as fast


class LogWriter:
    """The one writer of a log. Create it with `start`."""

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
        store_id = report.store_id or entropy(16)
        life = int.from_bytes(entropy(8), "little")
        space = Space(
            storage,
            directory,
            segment_bytes=options.segment_bytes,
            hasty_segment_bytes=options.first_segment_bytes,
            ballast_bytes=options.ballast_bytes,
            found=report,
            monotonic_ms=monotonic_ms,
        )
        self.state = LogState(
            log,
            store_id=store_id,
            life=life,
            space=space,
            marker=Marker(watermark, store_id, log.mark, clock_ms),
            durability=DurabilityState(on_durability, monotonic_ms),
            unsynced_bytes_max=options.unsynced_bytes_max,
        )
        self.segments = Segments(
            storage,
            directory,
            self.state,
            space,
            report,
            options=options,
            clock_ms=clock_ms,
            entropy=entropy,
        )
        self._storage = storage
        self._clock_ms = clock_ms  # dates records, and decides nothing: it may be set
        self._job: SyncJob | RehomeJob | None = None
        self.deferred = False
        """Writes are slow: jobs do them, and `write` does nothing."""

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
        """Continue the log after the records that `log` found (they must have been read), in a new segment.

        Records that nothing proves to be durable are written again and synced first, since the page cache from which
        they were read may have what the disk does not. Blocks for that. A disk that refuses does not raise: the
        writer then starts with its durability lost, and tries again.

        `watermark` is told what becomes durable. None: nothing outside the log says so.
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
        state, segments = writer.state, writer.segments
        if state.kept:
            state.failed = True
            writer._run_now()
            writer._run_now()  # the header, after the records
        else:
            segments.open(0)
        # If only a checkpoint knows the last records, the watermark must not say that the log is durable up to them
        # before the header of this life is durable. Otherwise remains after the log's end would count as the records
        # that follow them.
        if log.report.last_lsn <= max(log.report.end_lsn, log.report.proven_lsn):
            state.marker.say(state.durable_lsn, segments.active_header)
        state.settle()
        return writer

    # -- appending ---------------------------------------------------------------------------

    def append(self, kind: RecordType, payload: bytes, flags: int = 0) -> int:
        """Encode a record and return its LSN. The record survives nothing before `write`.

        Raises LogUnavailable if the disk has refused for very long, and ValueError for a payload above
        `PAYLOAD_BYTES_MAX`.
        """
        length = len(payload)
        if length > PAYLOAD_BYTES_MAX:
            raise ValueError(f"a record of {length} bytes is above {PAYLOAD_BYTES_MAX}")
        state = self.state
        if state.unsynced_bytes > KEPT_BYTES_MAX:
            raise LogUnavailable(f"the log cannot be written: {state.reason}")
        needed = HEADER_BYTES + length + (-length & 7)
        number = _NUMBERS[kind]
        active = self.segments.active
        if active is not None:
            end = active.position + active.staged_bytes + needed
            if end > active.header.segment_bytes:
                active = self._next_segment(needed)
        elif not state.failed:
            active = self.segments.open(needed)
        now_ms = self._clock_ms()
        flags |= CLASS_FLAGS[number]
        lsn = state.next_lsn
        state.kept.append(Record(lsn, number, flags, now_ms, payload))
        state.next_lsn = lsn + 1
        state.unsynced_bytes += needed
        if active is not None:
            lag = lsn - state.durable_lsn
            if lag > LAG_UNKNOWN:
                lag = LAG_UNKNOWN
            delta = now_ms - active.header.opened_ms
            if not 0 <= delta <= TIME_DELTA_MS_MAX:
                delta = 0 if delta < 0 else TIME_DELTA_MS_MAX
            staged = active.staged
            staged.append(record_header(number, flags, lsn, lag, delta, payload, active.seed))
            staged.append(payload)
            if length & 7:
                staged.append(PADDING[length & 7])
            active.staged_bytes += needed
        return lsn

    def append_output(self, pane: int, offset: int, data: Bytes) -> int | None:
        """Encode output of a pane's program and return its LSN. Copies `data`. None: output is not being logged.

        `offset` is the position of the first byte in all output of the pane. A reader sees from the next record's
        offset how much was left out. Panes must run in either case.
        """
        if self.state.output_stopped:
            return None
        flags, payload = encode_output(pane, offset, data)
        return self.append(RecordType.OUTPUT, payload, flags)

    def prove(self) -> int | None:
        """If everything is durable, encode a small record that says so, and return its LSN. None if there is no need.

        With it, damage to the last records before it is recognised as damage, and not taken for a write that had not
        finished.
        """
        state = self.state
        settled = state.all_durable and self.segments.active is not None
        if not state.unproven or not settled or state.troubled or self._job is not None:
            return None
        state.proof_lsn = state.proven_lsn = self.append(RecordType.PROOF, b"", IGNORABLE)
        return state.proof_lsn

    def begin_segment(self) -> bool:
        """Begin a new segment with the next record, so that everything before it can be removed.

        Its header is written now, with a proof as its first record. Returns False while the disk refuses.
        """
        state, active = self.state, self.segments.active
        if state.replacing:
            return False
        if active is not None and active.header.base_lsn > state.content_lsn:
            return True  # there is no content in it yet
        if self._next_segment(record_bytes(0)) is None:
            return False
        state.proof_lsn = self.append(RecordType.PROOF, b"", IGNORABLE)
        return self.write(now=True)

    def _next_segment(self, room: int) -> Active | None:
        """Write what is staged, and leave the active segment for the next one."""
        self.write(now=True)
        return self.segments.follow(room)

    # -- writing -----------------------------------------------------------------------------

    def write(self, *, now: bool = False) -> bool:
        """Write all staged bytes in one call. Returns whether the kernel has every record now.

        False: the disk refused, or a job is to write them; they stay in memory. While `deferred` is set, or a job has
        yet to write bytes that come before, only `now` writes at once. It leaves out the bytes that a job has, since
        these may be durable by now.
        """
        state, active = self.state, self.segments.active
        if active is None or ((self.deferred or self._job_writes) and not now):
            return state.all_written
        if active.staged and not active.header_alone(state.next_lsn):
            position = active.position
            parts = self.segments.take_staged(active)
            try:
                write_all(self._storage, active.file, parts, position)
            except OSError as error:
                self.segments.lose()
                self.segments.fail(error)
                return False
        self._note_written(active)
        return state.all_written

    @property
    def _job_writes(self) -> bool:
        """Whether a job has yet to write what was deferred to it."""
        return isinstance(self._job, SyncJob) and bool(self._job.parts)

    def _note_written(self, active: Active) -> None:
        """Note that the kernel has everything, unless a job still has to write, or something is staged."""
        if not self._job_writes and not active.staged:
            self.state.written_lsn = self.state.last_lsn

    def parts_written(self, job: SyncJob) -> None:
        """The job in progress has written its bytes to the kernel. They are not durable yet."""
        if job is self._job and job.parts:
            job.parts = ()
            self.state.written_through(job.through_lsn)

    # -- syncing -----------------------------------------------------------------------------

    def sync_job(self) -> SyncJob | RehomeJob | None:
        """The job that makes everything appended so far durable.

        None if there is nothing to do, a job is in progress, or the next attempt is not due yet. The caller must hand
        the job back to `sync_done`.
        """
        state, segments = self.state, self.segments
        if self._job is not None or state.removed:
            return None
        self.write()
        if state.failed:
            self._job = segments.rehome_job() if state.retry_due else None
            return self._job
        active = segments.active
        if active is None or state.last_lsn <= state.durable_lsn:
            return None
        position = active.position
        parts = segments.take_staged(active) if active.staged else []  # only if writes are deferred
        # A durable byte is never rewritten, so the next record starts in a block of its own.
        active.position = next_block(active.position)
        files = segments.unsynced_files(active)
        job = SyncJob(self._storage, files, state.last_lsn, parts, position)
        state.marker.put(job, active.header, idle=job.through_lsn == state.proof_lsn)
        self._job = job
        return job

    def sync_done(self, job: SyncJob | RehomeJob, error: OSError | None) -> None:
        """Take the result of a job. The state's `durable_lsn` and `durability` may change."""
        self._job = None
        if isinstance(job, RehomeJob):
            self.segments.rehomed(job, error)
        elif error is not None:
            self.state.sync_failed(error)
            if job.parts:
                self.segments.lose()  # its bytes may not even have been written
            self.segments.fail(error)
        else:
            self._synced(job)

    def _synced(self, job: SyncJob) -> None:
        """What the job was to make durable is durable."""
        state, segments = self.state, self.segments
        state.written_through(job.through_lsn)
        if segments.active is not None:
            self._note_written(segments.active)
        state.marker.synced(job.mark)
        segments.synced(job.through_lsn)
        state.durable_through(job.through_lsn)
        if not state.replacing:
            segments.let_go()
            state.recovered()

    def _run_now(self) -> None:
        """Run the job of `sync_job` in this thread."""
        job = self.sync_job()
        if job is None:
            return
        try:
            job.run()
        except OSError as error:
            self.sync_done(job, error)
        else:
            self.sync_done(job, None)

    # -- another place, and the end ----------------------------------------------------------

    def relocate(self) -> None:
        """Continue in a log that begins anew, because its directory is another one or was created again.

        No job or chore may be in progress. What is durable is so in the former log, so a checkpoint must follow.
        """
        self.segments.relocate()
        self.state.relocate()

    def close(self, *, clean: bool = True) -> bool:
        """Sync the rest, mark the end as clean, and close. Returns False if something is not durable.

        No job or chore may be in progress. Blocks for two fdatasyncs.
        """
        state = self.state
        ended = state.already_ended
        last_lsn = state.durable_lsn
        if clean and not ended:
            self._run_now()
            if state.failed:
                self._run_now()
                self._run_now()
            if not state.failed and state.all_durable:
                last_lsn = self.append(RecordType.CLEAN, b"") - 1
                self._run_now()
                ended = state.durable_lsn > last_lsn
        durable = state.all_durable
        if clean and ended:
            state.marker.ended(last_lsn, self.segments.active_header)
        state.marker.close()
        problem = self.segments.close()
        if problem is not None:
            state.close_failed(problem)
        return durable
