"""What the writer of the log tells the watermark: how far it is durable, and where."""

from collections.abc import Callable

from fuguemux.persistence.wal.jobs import SyncJob
from fuguemux.persistence.wal.mark import NO_SEGMENT, Mark, MarkedSegment
from fuguemux.persistence.wal.segment import SegmentHeader
from fuguemux.persistence.wal.watermark import WATERMARK, Watermark


class Marker:
    """One writer's marks. `watermark` None: nobody says outside the log how far it is durable."""

    def __init__(
        self,
        watermark: Watermark | None,
        store_id: bytes,
        found: Mark | None,
        clock_ms: Callable[[], int],
    ) -> None:
        """`found`: what the watermark said at the start."""
        self.watermark = watermark
        self._store_id = store_id
        self._clock_ms = clock_ms
        self._segment = found.segment if found is not None else NO_SEGMENT

    @property
    def problem(self) -> str:
        """Why the watermark does not say what it should; empty: it does."""
        if self.watermark is None or not self.watermark.problem:
            return ""
        return f"the file {WATERMARK} cannot be written: {self.watermark.problem}"

    def mark(self, durable_lsn: int, active: SegmentHeader | None, *, clean: bool = False) -> Mark:
        """What is to be said once everything up to `durable_lsn` is durable. `active`: of the segment being written."""
        segment = self._segment
        # A header becomes durable with its first record: until then the segment before counts.
        if active is not None and active.base_lsn <= durable_lsn:
            segment = MarkedSegment.of(active)
        return Mark(self._store_id, durable_lsn, self._clock_ms(), clean, segment)

    def put(self, job: SyncJob, active: SegmentHeader, *, idle: bool) -> None:
        """Have the job say so once it ran. `idle`: nothing else is going on, so the watermark is synced as well."""
        job.watermark, job.idle = self.watermark, idle
        job.mark = self.mark(job.through_lsn, active) if self.watermark is not None else None

    def synced(self, mark: Mark | None) -> None:
        """What the mark says is true by now."""
        if mark is not None:
            self._segment = mark.segment

    def say(self, durable_lsn: int, active: SegmentHeader | None) -> None:
        """Have the watermark say it. Blocks for a write."""
        if self.watermark is not None:
            self.watermark.renew(self.mark(durable_lsn, active))

    def ended(self, last_lsn: int, active: SegmentHeader | None) -> None:
        """Have it say durably that the log was closed behind this record; the mark of the end itself gives way again."""
        if self.watermark is not None:
            self.watermark.renew(self.mark(last_lsn, active, clean=True))
            self.watermark.sync()

    def relocate(self) -> None:
        """The state directory is another one."""
        if self.watermark is not None:
            self.watermark.relocate()

    def close(self) -> None:
        """Nothing more is said."""
        if self.watermark is not None:
            self.watermark.close()
