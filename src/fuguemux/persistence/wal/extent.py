"""Which segments make up the log, and how many bytes they contain."""

from bisect import bisect_right
from typing import Final

from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.segment import segment_name

MARK_BYTES: Final = 256 << 10


class Extent:
    """The segments from the oldest to the active one. Marks store how many bytes of log are before an LSN."""

    def __init__(self, report: ScanReport, next_lsn: int) -> None:
        self.bytes_total = 0
        self._segments: list[tuple[int, int]] = []  # (base LSN, segment id), oldest first
        self._marks: list[tuple[int, int]] = []  # (LSN, log bytes before it)
        for segment in report.segments:
            self.add(segment.base_lsn, segment.segment_id)
            self._mark(segment.base_lsn)
            self.bytes_total += segment.used_bytes
        self._mark(next_lsn)

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return len(self._segments)

    @property
    def first_lsn(self) -> int:
        """The oldest LSN that a segment may contain; 0 if there is none."""
        return self._segments[0][0] if self._segments else 0

    @property
    def newest_id(self) -> int:
        """The newest segment, 0 if there is none."""
        return self._segments[-1][1] if self._segments else 0

    def add(self, base_lsn: int, segment_id: int) -> None:
        """Add a segment. It replaces what earlier ones have from its base on."""
        for index, (base, earlier) in enumerate(self._segments):
            if base > base_lsn:
                self._segments[index] = (base_lsn, earlier)
        self._segments.append((base_lsn, segment_id))

    def grow(self, size: int, next_lsn: int) -> None:
        """Count bytes that were written. The next record is `next_lsn`."""
        self.bytes_total += size
        if self.bytes_total - self._marks[-1][1] >= MARK_BYTES:
            self._mark(next_lsn)

    def replace_from(self, base_lsn: int, size: int) -> None:
        """Count a segment that contains the records from `base_lsn` on a second time."""
        self._mark(base_lsn)
        self.bytes_total += size

    def restart(self, next_lsn: int) -> None:
        """Begin anew: the segments so far are no longer part of the log."""
        self._segments = []
        self._marks = [(next_lsn, self.bytes_total)]

    def _mark(self, lsn: int) -> None:
        while self._marks and self._marks[-1][0] >= lsn:
            self._marks.pop()
        self._marks.append((lsn, self.bytes_total))

    def cut(self, limit_lsn: int) -> list[str]:
        """Remove the segments that contain only LSNs below `limit_lsn`. Returns their names."""
        count = 0
        while count + 1 < len(self._segments) and self._segments[count + 1][0] <= limit_lsn:
            count += 1
        dead = self._segments[:count]
        self._segments = self._segments[count:]
        while len(self._marks) > 1 and self._marks[1][0] <= limit_lsn:
            self._marks.pop(0)
        return [segment_name(number) for _base, number in dead]

    def bytes_since(self, lsn: int) -> int:
        """The size of the log from `lsn` on. It may be up to `MARK_BYTES` too large."""
        at = bisect_right(self._marks, lsn, key=lambda mark: mark[0]) - 1
        return self.bytes_total - self._marks[max(at, 0)][1]
