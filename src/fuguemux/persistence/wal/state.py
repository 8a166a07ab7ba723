"""What the log knows of its records: their LSNs, how far they are written and durable, and which are only in memory.

`next_lsn` is the LSN that the next record gets. Everything up to `written_lsn` is with the kernel and survives SIGKILL;
everything up to `durable_lsn` is on the disk and survives a power failure. The state touches no segment: the writer and the
segments change it, everybody else only reads it.
"""

from collections import deque

from fuguemux.persistence.storage.files import FileRemoved
from fuguemux.persistence.wal.durability import Durability, DurabilityState, describe
from fuguemux.persistence.wal.marker import Marker
from fuguemux.persistence.wal.reader import LogScan
from fuguemux.persistence.wal.record import Record, record_bytes
from fuguemux.persistence.wal.space import Space


class LogState:
    """The LSNs of one log and its durability. Belongs to the thread that owns the writer."""

    def __init__(
        self,
        log: LogScan,
        *,
        store_id: bytes,
        life: int,
        space: Space,
        marker: Marker,
        durability: DurabilityState,
        unsynced_bytes_max: int,
    ) -> None:
        """`log` must have been read to its end; blocks while the records that are not durable are read again."""
        report = log.finish()
        self.store_id = store_id
        self.life = life
        self.marker = marker
        self._space = space
        self._durability = durability
        self._unsynced_bytes_max = unsynced_bytes_max
        self.kept: deque[Record] = deque(log.undurable_records())
        """The records above `durable_lsn`, in order. If their file fails, they can be written again."""
        self.unsynced_bytes = sum(record_bytes(len(record.payload)) for record in self.kept)
        self.next_lsn = report.last_lsn + 1
        self.durable_lsn = report.last_lsn - len(self.kept)
        self.written_lsn = report.last_lsn
        # A checkpoint may know more LSNs than the log. Records of earlier lives after the end of both are void.
        self.life_base_lsn = min(self.durable_lsn, max(report.end_lsn, report.proven_lsn)) + 1
        self.proven_lsn = 0 if self.kept else report.last_lsn
        """Up to here a later record proves that the records were durable, or they are such proofs themselves."""
        self.proof_lsn = 0
        """The newest proof of this life."""
        self.failed = False
        """Whether a file refused a write or a sync: the records in `kept` need a fresh segment before they can be durable."""
        self._rehomed_lsn = 0
        self.removed = False
        """Whether a file of the log was removed: nothing becomes durable before the log is relocated."""
        self.fsync_failures = 0
        self._was_clean = report.clean
        self._first_lsn = self.next_lsn

    # -- queries -------------------------------------------------------------------------------

    @property
    def last_lsn(self) -> int:
        """The LSN of the newest record."""
        return self.next_lsn - 1

    @property
    def all_written(self) -> bool:
        """Whether every record is with the kernel."""
        return self.written_lsn == self.next_lsn - 1

    @property
    def all_durable(self) -> bool:
        """Whether every record is on the disk."""
        return self.durable_lsn == self.next_lsn - 1

    @property
    def content_lsn(self) -> int:
        """The newest record that is not a proof: an idle log does not change it."""
        last = self.next_lsn - 1
        return last - 1 if last == self.proof_lsn else last

    @property
    def unproven(self) -> bool:
        """Whether no later record proves that the last records were durable."""
        return self.next_lsn - 1 > self.proven_lsn

    @property
    def durability(self) -> Durability:
        """Whether the log keeps its promise."""
        return self._durability.state

    @property
    def reason(self) -> str:
        """Why the log does not keep its promise; empty if it does."""
        return self._durability.reason

    @property
    def lost(self) -> bool:
        """Whether nothing new becomes durable for now."""
        return self._durability.state is Durability.LOST

    @property
    def output_stopped(self) -> bool:
        """Whether only structure is logged, because the disk is full or refuses."""
        return self._space.full or self._durability.state is Durability.LOST

    @property
    def congested(self) -> bool:
        """Whether so much waits for the disk that panes should not be read for now."""
        return self.unsynced_bytes > self._unsynced_bytes_max

    @property
    def replacing(self) -> bool:
        """Whether a failed segment has no durable replacement yet."""
        return self.failed or self.durable_lsn < self._rehomed_lsn

    @property
    def troubled(self) -> bool:
        """Whether something is wrong with the segments or with the space for them."""
        return self.replacing or bool(self._space.problem)

    @property
    def retry_due(self) -> bool:
        """Whether it is time to try again what the disk refused."""
        return self._durability.due

    @property
    def already_ended(self) -> bool:
        """Whether the log had a clean end at the start and got no record since."""
        return self._was_clean and self.next_lsn == self._first_lsn

    # -- changes -------------------------------------------------------------------------------

    def written_through(self, lsn: int) -> None:
        """Everything up to `lsn` is with the kernel."""
        self.written_lsn = max(self.written_lsn, lsn)

    def durable_through(self, lsn: int) -> None:
        """Everything up to `lsn` is on the disk: forget those records. `recovered` may have to follow."""
        kept = self.kept
        while kept and kept[0].lsn <= lsn:
            self.unsynced_bytes -= record_bytes(len(kept.popleft().payload))
        self.durable_lsn = max(self.durable_lsn, lsn)

    def recovered(self) -> None:
        """No segment is being replaced: the next failure counts as a first one."""
        self._durability.recovered()
        self.settle()

    def settle(self) -> None:
        """Set the durability to what the space for the log and the watermark allow, unless a segment is being replaced."""
        if self.replacing:
            return
        if self._space.problem:
            what = "output is not logged" if self._space.full else "no spare segment"
            self._durability.become(Durability.DEGRADED, f"{self._space.problem}: {what}")
        elif self.marker.problem:
            self._durability.become(Durability.DEGRADED, self.marker.problem)
        else:
            self._durability.become(Durability.OK, "")

    def fail(self, error: OSError) -> None:
        """The records that are not durable need a fresh segment: their file refused, or there is none."""
        again = self.replacing or self.removed
        self.failed = True
        self._durability.failed(error, again=again, room=self._space.room)

    def sync_failed(self, error: OSError) -> None:
        """Count a sync that failed. `fail` has to follow."""
        self.fsync_failures += 1
        # If the file was removed, durable records went with it: a fresh segment for the rest would only hide that.
        self.removed = isinstance(error, FileRemoved)

    def rehomed(self) -> None:
        """A fresh segment holds everything in `kept`. Durability returns once that is on the disk."""
        self.failed = False
        self.written_lsn = self._rehomed_lsn = self.next_lsn - 1

    def close_failed(self, error: OSError) -> None:
        """A file could not be closed: that is the reason to tell if there is no other."""
        self._durability.reason = self._durability.reason or describe(error)

    def relocate(self) -> None:
        """The log begins anew: the next job writes the records in `kept` into a fresh segment."""
        self.failed, self.removed = True, False
        self._durability.try_now()
        self.marker.relocate()
