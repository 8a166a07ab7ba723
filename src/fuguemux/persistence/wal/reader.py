"""Reads a log: the records that count, and an exact account of what is missing.

    log = scan(storage, directory, from_lsn)
    for record in log.records(): ...
    log.report

The rule for a missing LSN: if any later intact record or header testifies that it was durable, it is damage (a
`LostRange`), and reading continues after it. If nothing testifies to that, the write had not finished at a power
failure (a `TornTail`). Then the log ends before it, because a record is acknowledged only after all earlier ones are
durable.

Garbage raises nothing. A log of another version raises `UnsupportedLog`.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import chain

from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.wal import findings as kinds
from fuguemux.persistence.wal.chain import ENDLESS, Chain, ChainSegment
from fuguemux.persistence.wal.findings import (
    LiveSegment,
    LogFinding,
    LostRange,
    ScanReport,
    TornTail,
)
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.record import Record, RecordType, record_bytes
from fuguemux.persistence.wal.reread import reread
from fuguemux.persistence.wal.segment import RECORDS_OFFSET, seed_of, segment_name
from fuguemux.persistence.wal.testimony import testimony
from fuguemux.persistence.wal.walk import Hole, ReadWindow, RecordRun, walk


class LogScan:
    """One reading of a log. `report` is complete when `records` has been read to its end."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        from_lsn: int = 1,
        *,
        store_id: bytes | None = None,
        mark: Mark | None = None,
    ) -> None:
        self.report = ScanReport(from_lsn=from_lsn, store_id=store_id or b"")
        self.mark = mark
        """The mark of the watermark for this log. None: there is none."""
        self._storage = storage
        self._directory = directory
        self._from_lsn = from_lsn
        self._expected = from_lsn
        self._segments: list[ChainSegment] = []
        self._final_witness: int | None = None
        self._orphans = 0
        self._beyond: list[int] = []  # the segments of these records
        self._holes: list[Hole] = []
        self._last_ms = 0
        self._marks: list[tuple[int, int, int]] = []  # (first LSN, segment index, offset) of runs
        self._stopped = False
        self._clean_lsn = 0
        self._complete = False
        self._unfinished: list[int] = []  # segments whose header cannot be read
        self._read_headers()

    # -- the files ---------------------------------------------------------------------------

    def _read_headers(self) -> None:
        chain = Chain(self._storage, self._directory, self.report, self.mark)
        self._segments, self._unfinished = chain.segments, chain.unfinished
        mark, report = self.mark, self.report
        if mark is None or report.store_id not in (b"", mark.store_id):
            self.mark = None
            return
        report.store_id = mark.store_id
        report.proven_lsn = max(report.proven_lsn, mark.durable_lsn)

    def _find(self, kind: str, number: int, offset: int, detail: str) -> None:
        self.report.findings.append(LogFinding(kind, number, offset, detail))

    # -- the records -------------------------------------------------------------------------

    def records(self) -> Iterator[Record]:
        """The records from `from_lsn` on, in the order of their LSNs. Can be read once."""
        return chain.from_iterable(self._runs())

    def _runs(self) -> Iterator[list[Record]]:
        """The same records in runs, because a generator that yields every single record would cost as much as its
        checksum."""
        if self._segments:
            self._expected = min(self._from_lsn, self._segments[0].header.base_lsn)
        for index, segment in enumerate(self._segments):
            if segment.last_lsn < self._from_lsn or segment.last_lsn < segment.header.base_lsn:
                continue
            self._expected = max(self._expected, min(self._from_lsn, segment.header.base_lsn))
            yield from self._segment_runs(index, segment)
            if self._stopped:
                break
        self._finish()

    def finish(self) -> ScanReport:
        """Read what is left and return the complete report."""
        if not self._complete:
            for _run in self._runs():
                pass
        return self.report

    def _segment_runs(self, index: int, segment: ChainSegment) -> Iterator[list[Record]]:
        number = segment.header.segment_id
        try:
            file = self._storage.open(f"{self._directory}/{segment_name(number)}")
        except OSError as error:
            self._find(kinds.UNREADABLE_FILE, number, -1, reason_of(error))
            self._seal(index, segment)
            return
        window = ReadWindow(self._storage, file, segment.size)
        seed, opened_ms = seed_of(segment.header.salt), segment.header.opened_ms
        try:
            for item in walk(window, seed, opened_ms, RECORDS_OFFSET, segment.header.base_lsn):
                if isinstance(item, Hole):
                    self._holes.append(item)
                    continue
                first = item.records[0].lsn
                if first > segment.last_lsn:
                    break
                if first > self._expected and not self._pass_gap(index, first, item):
                    return
                yield self._accept(index, segment, item)
        finally:
            for offset in sorted(set(window.unreadable)):
                self._find(kinds.UNREADABLE_BLOCK, number, offset, "cannot be read")
                self._mark_damaged(number)
            self._storage.close(file)
        self._seal(index, segment)

    def _accept(self, index: int, segment: ChainSegment, run: RecordRun) -> list[Record]:
        """Accept a run that continues the log. Returns its records that the caller is to get."""
        report = self.report
        records = run.records
        first = records[0].lsn
        segment.end = run.end
        if records[-1].lsn > segment.last_lsn:
            records = records[: segment.last_lsn - first + 1]
            segment.end = run.offset + sum(record_bytes(len(record.payload)) for record in records)
        last = records[-1]
        if self._holes:
            self._note_holes(segment)
        report.proven_lsn = max(report.proven_lsn, min(run.last_witness, ENDLESS))
        while len(self._marks) > 1 and self._marks[1][0] <= report.proven_lsn + 1:
            self._marks.pop(0)
        self._marks.append((first, index, run.offset))
        self._expected = last.lsn + 1
        self._last_ms = last.time_ms
        if last.kind == RecordType.CLEAN and segment.last_lsn == ENDLESS:
            self._clean_lsn = last.lsn
        elif last.kind == RecordType.CLEAN:  # a missing segment has the record that reused its LSN
            self._expected = last.lsn
        if records[0].kind > RecordType.OUTPUT:
            return []  # walks return such records singly; the caller must not get them
        if first < self._from_lsn:
            records = records[max(0, self._from_lsn - first) :]
        report.records += len(records)
        return records

    def _note_holes(self, segment: ChainSegment) -> None:
        """Report holes that cost no record of this log: bytes in padding, or below the start."""
        for hole in self._holes:
            self._find(
                kinds.DAMAGED_BYTES,
                segment.header.segment_id,
                hole.offset,
                f"{hole.end - hole.offset} bytes that are no record",
            )
            self._mark_damaged(segment.header.segment_id)
        self._holes.clear()

    # -- missing records ---------------------------------------------------------------------

    def _pass_gap(self, index: int, next_lsn: int, run: RecordRun | None) -> bool:
        """Account for the LSNs from `_expected` to `next_lsn - 1`. Returns False if the log ends here."""
        first, last = max(self._expected, self._from_lsn), next_lsn - 1
        witness = max(self.report.proven_lsn, run.first_witness if run is not None else 0)
        if witness < last:
            witness = self._look_ahead(index, run)
        self.report.proven_lsn = max(self.report.proven_lsn, witness)
        if witness < last:
            self._final_witness = None
            self._look_ahead(index, run)  # counts the records after this very gap
            self._stopped, self.report.beyond_segments = True, self._beyond
        if last < self._from_lsn and not self._stopped:
            self._holes.clear()  # the list is not needed any more
            self._mark_damaged(self._segments[index].header.segment_id)
        elif witness >= first:
            time_ms = run.records[0].time_ms if run is not None else 0
            self._lose(index, first, min(last, witness), time_ms)
        return witness >= last

    def _lose(self, index: int, first: int, last: int, to_ms: int) -> None:
        segment = self._segments[index]
        classes: dict[str, int] = {}
        offset, size = segment.end, 0
        for hole in self._holes:
            size += hole.end - hole.offset
            for lsn, name in hole.known:
                if first <= lsn <= last:
                    classes[name] = classes.get(name, 0) + 1
        if self._holes:
            offset = self._holes[0].offset
        unknown = last - first + 1 - sum(classes.values())
        if unknown > 0:
            classes["unknown"] = unknown
        number = segment.header.segment_id
        lost = LostRange(first, last, number, offset, size, self._last_ms, to_ms, classes)
        self.report.lost.append(lost)
        self._mark_damaged(number)
        self._holes.clear()
        self._expected = last + 1

    def _mark_damaged(self, number: int) -> None:
        if number not in self.report.damaged_segments:
            self.report.damaged_segments.append(number)

    def _look_ahead(self, index: int, run: RecordRun | None) -> int:
        """The highest LSN that any record or header from here on testifies to. Counts these records."""
        if self._final_witness is not None:
            return self._final_witness
        witness = self.report.proven_lsn
        self._orphans, beyond = 0, []
        for later in range(index, len(self._segments)):
            segment = self._segments[later]
            start = RECORDS_OFFSET
            expected = segment.header.base_lsn
            if later == index:
                if run is None:
                    continue
                start, expected = run.offset, run.records[0].lsn
            told = testimony(self._storage, self._directory, segment, start, expected)
            witness = max(witness, told.lsn)
            self._orphans += told.records
            if told.records:
                beyond.append(segment.header.segment_id)
        self._final_witness, self._beyond = witness, beyond
        return witness

    def _seal(self, index: int, segment: ChainSegment) -> None:
        """At the end of a segment: compare it with what the next segment says about it."""
        if segment.last_lsn == ENDLESS or self._stopped:
            return
        if self._expected > segment.last_lsn or self._pass_gap(index, segment.last_lsn + 1, None):
            self._holes.clear()  # replaced writes and their remains

    def _finish(self) -> None:
        report = self.report
        elsewhere = self.mark is not None and self.mark.segment.segment_id > self._newest_id
        clean, proven = self._clean_lsn, report.proven_lsn - (not elsewhere)
        if 0 < clean == self._expected - 1 <= proven and not self._stopped:
            # The record that reused the LSN of the mark of the end is missing.
            self._expected, self._clean_lsn = clean, 0
        report.end_lsn = self._expected - 1 if self._segments else 0
        if not self._stopped and report.proven_lsn >= max(self._expected, self._from_lsn):
            self._lose_end(max(self._expected, self._from_lsn), report.proven_lsn)
        report.last_lsn = max(self._expected - 1, self._from_lsn - 1)
        ended = not self._stopped and 0 < self._clean_lsn == report.last_lsn
        # The record that reused the LSN of the mark of the end may be in a later segment whose header cannot be read.
        report.clean = ended and not self._headless_end
        if ended:
            # The next record replaces the mark of the end, so nothing proves that the mark itself was synced.
            report.last_lsn = max(report.last_lsn - 1, self._from_lsn - 1)
        self._tell_headers()
        self._tell_tail()
        for segment in self._segments:
            header = segment.header
            last_lsn = min(segment.last_lsn, report.last_lsn)
            report.segments.append(
                LiveSegment(
                    header.segment_id, header.base_lsn, last_lsn, segment.end, header.opened_ms
                )
            )
        self._complete = True

    @property
    def _newest_id(self) -> int:
        return self._segments[-1].header.segment_id if self._segments else 0

    @property
    def _headless_end(self) -> int:
        """The last segment, if its header cannot be read; else 0."""
        last = max(self._unfinished, default=0)
        return last if last > self._newest_id else 0

    def _lose_end(self, first: int, last: int) -> None:
        """Account for durable records that are missing after the last record that exists."""
        mark = self.mark
        time_ms = mark.wall_ms if mark is not None and mark.durable_lsn == last else 0
        if self._segments and (self._holes or not time_ms):
            self._expected = first
            self._lose(len(self._segments) - 1, first, last, time_ms)
            return
        # Only the watermark knows of them: no segment that exists is damaged.
        classes = {"unknown": last - first + 1}
        lost = LostRange(first, last, 0, -1, 0, self._last_ms, time_ms, classes)
        self.report.lost.append(lost)
        self._expected = last + 1

    def _tell_headers(self) -> None:
        """Report unreadable headers that are damage: those with proven records on both sides.

        The others were never synced, so nothing in their segments was ever acknowledged.
        """
        lost = {(each.segment_id, each.last_lsn) for each in self.report.lost}
        for number in list(self._unfinished):
            before = [s for s in self._segments if s.header.segment_id < number]
            if before and (before[-1].header.segment_id, before[-1].last_lsn) in lost:
                self._unfinished.remove(number)
                self._find(kinds.UNREADABLE_HEADER, number, 0, "neither copy verifies")

    def _tell_tail(self) -> None:
        if not (self._stopped or self._holes or self._headless_end):
            return
        self.report.tail = TornTail(
            self.report.last_lsn,
            self._headless_end or self._newest_id,
            self._holes[0].offset if self._holes else -1,
            sum(hole.end - hole.offset for hole in self._holes),
            self._orphans if self._stopped else 0,
        )

    def undurable_records(self) -> list[Record]:
        """The records of which nothing proves that they are durable. The writer must write them again before anything
        else.

        They are complete and in order, without the mark of a clean end. Call it after the scan.
        """
        self.finish()
        report = self.report
        wanted = max(report.proven_lsn + 1, self._from_lsn)
        if wanted > report.last_lsn or not self._marks:
            return []
        at = max(bisect_right(self._marks, (wanted, ENDLESS, 0)) - 1, 0)
        start = self._marks[at]
        return reread(
            self._storage, self._directory, self._segments, start, wanted, report.last_lsn
        )


def scan(
    storage: Storage,
    directory: str,
    from_lsn: int = 1,
    *,
    store_id: bytes | None = None,
    mark: Mark | None = None,
) -> LogScan:
    """Open the log in `directory` for reading from `from_lsn` on.

    `store_id` and `mark` come from elsewhere (a manifest, the watermark): which store the log must belong to, and up
    to where it was durable. A mark of another log is ignored. The mark must have been read before the log. Raises
    UnsupportedLog. Writes nothing.
    """
    return LogScan(storage, directory, from_lsn, store_id=store_id, mark=mark)
