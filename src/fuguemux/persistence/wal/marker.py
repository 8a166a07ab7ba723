"""Makes the marks that one writer puts into the watermark: up to which LSN the log is durable, and in which segment."""

from collections.abc import Callable

from fuguemux.persistence.wal.jobs import SyncJob
from fuguemux.persistence.wal.mark import NO_SEGMENT, Mark, MarkedSegment
from fuguemux.persistence.wal.segment import SegmentHeader
from fuguemux.persistence.wal.watermark import WATERMARK, Watermark


class Marker:
    """Makes the marks of one writer. `watermark` None: there is no watermark, and nothing happens."""

    def __init__(
        self,
        watermark: Watermark | None,
        store_id: bytes,
        found: Mark | None,
        clock_ms: Callable[[], int],
    ) -> None:
        """`found` is the mark that the watermark had at the start."""
        self.watermark = watermark
        self._store_id = store_id
        self._clock_ms = clock_ms
        self._segment = found.segment if found is not None else NO_SEGMENT

    @property
    def problem(self) -> str:
        """Why the watermark cannot be written. Empty if it can."""
        if self.watermark is None or not self.watermark.problem:
            return ""
        return f"the file {WATERMARK} cannot be written: {self.watermark.problem}"

    def mark(self, durable_lsn: int, active: SegmentHeader | None, *, clean: bool = False) -> Mark:
        """The mark for a log that is durable up to `durable_lsn`. `active` is the header of the segment that is written."""
        segment = self._segment
        # A header becomes durable with its first record. Until then the segment before it counts.
        if active is not None and active.base_lsn <= durable_lsn:
            segment = MarkedSegment.of(active)
        return Mark(self._store_id, durable_lsn, self._clock_ms(), clean, segment)

    def put(self, job: SyncJob, active: SegmentHeader, *, idle: bool) -> None:
        """Let the job renew the watermark after it has run. `idle`: nothing else is in progress, so the watermark is
        synced as well."""
        job.watermark, job.idle = self.watermark, idle
        job.mark = self.mark(job.through_lsn, active) if self.watermark is not None else None

    def synced(self, mark: Mark | None) -> None:
        """The log is as durable as the mark says."""
        if mark is not None:
            self._segment = mark.segment

    def say(self, durable_lsn: int, active: SegmentHeader | None) -> None:
        """Renew the watermark. Blocks for a write."""
        if self.watermark is not None:
            self.watermark.renew(self.mark(durable_lsn, active))

    def ended(self, last_lsn: int, active: SegmentHeader | None) -> None:
        """Write durably that the log was closed after `last_lsn`. The next life uses the LSN of the record CLEAN
        again. Blocks for a sync."""
        if self.watermark is not None:
            self.watermark.renew(self.mark(last_lsn, active, clean=True))
            self.watermark.sync()

    def relocate(self) -> None:
        """Use the watermark of another state directory from now on."""
        if self.watermark is not None:
            self.watermark.relocate()

    def close(self) -> None:
        """Close the watermark. It is not renewed any more."""
        if self.watermark is not None:
            self.watermark.close()
