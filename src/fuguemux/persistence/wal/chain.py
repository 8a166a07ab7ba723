"""Finds the files that make up a log, and which LSNs count in each of them, from the segments' headers alone."""

from typing import Final

from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.wal import findings as kinds
from fuguemux.persistence.wal.findings import LogFinding, ScanReport
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.record import BLOCK_BYTES
from fuguemux.persistence.wal.segment import (
    RECORDS_OFFSET,
    SEGMENT_BYTES_MAX,
    ZERO_FILL_BYTES,
    ZEROS,
    SegmentHeader,
    decode_header,
    is_void,
    segment_id_of,
    segment_name,
    store_of,
)
from fuguemux.persistence.wal.walk import ReadWindow

ENDLESS: Final = 1 << 64


class ChainSegment:
    """A file of the log whose header could be read.

    `last_lsn` is the last LSN that counts, according to the seals in later segments. `end` is where its records end,
    once they are read.
    """

    def __init__(self, header: SegmentHeader, size: int) -> None:
        self.header = header
        self.size = size
        self.last_lsn = ENDLESS
        self.end = RECORDS_OFFSET


class Chain:
    """The segments of a log, oldest first. Problems with files are added to the report.

    Raises UnsupportedLog for a log of another version.
    """

    def __init__(
        self, storage: Storage, directory: str, report: ScanReport, mark: Mark | None = None
    ) -> None:
        """`mark`: the mark of the watermark. It replaces the header of the segment that it names, if that header
        cannot be read."""
        self._storage = storage
        self._directory = directory
        self._report = report
        self._mark = mark
        self.segments: list[ChainSegment] = []
        self.unfinished: list[int] = []  # segments whose header cannot be read
        try:
            names = storage.list(directory)
        except (FileNotFoundError, NotADirectoryError):
            return
        for number in sorted(n for name in names if (n := segment_id_of(name)) is not None):
            self._read_header(number)
        self._refuse_strangers()
        self._seal()

    def _read_header(self, number: int) -> None:
        report = self._report
        try:
            file = self._storage.open(f"{self._directory}/{segment_name(number)}")
        except OSError as error:
            report.findings.append(LogFinding(kinds.UNREADABLE_FILE, number, -1, reason_of(error)))
            report.unusable_segments.append(number)
            return
        try:
            size = self._storage.size(file)
            # One block more than the header: if there are records after zeros, the file is a segment and not a spare.
            window = ReadWindow(self._storage, file, min(size, RECORDS_OFFSET + BLOCK_BYTES))
            if window.size:
                window.load(0)
            front = window.buffer
            void = is_void(front, number)
            header = None if void else decode_header(front[:RECORDS_OFFSET])
        finally:
            self._storage.close(file)
        if void:
            report.void_segments.append(number)
        elif header is not None and header.segment_id == number:
            self.segments.append(ChainSegment(header, min(size, SEGMENT_BYTES_MAX)))
            if size > SEGMENT_BYTES_MAX:
                detail = f"{size} bytes long: only {SEGMENT_BYTES_MAX} of them are read"
                report.findings.append(
                    LogFinding(kinds.DAMAGED_BYTES, number, SEGMENT_BYTES_MAX, detail)
                )
            if size < header.segment_bytes:
                detail = f"{size} bytes long instead of {header.segment_bytes}"
                report.findings.append(LogFinding(kinds.SHORT_SEGMENT, number, size, detail))
                report.damaged_segments.append(number)
        elif (stand_in := self._stand_in(number, min(size, SEGMENT_BYTES_MAX))) is not None:
            self.segments.append(ChainSegment(stand_in, stand_in.segment_bytes))
            detail = "neither copy verifies; the watermark names its records, and those that are still there are read"
            report.findings.append(LogFinding(kinds.UNREADABLE_HEADER, number, 0, detail))
            report.damaged_segments.append(number)
        elif (
            size <= SEGMENT_BYTES_MAX
            and not (front.strip(b"\0") or window.unreadable)
            and self._is_empty(number)
        ):
            report.spare_segments.append(number)
        else:
            report.unusable_segments.append(number)
            self.unfinished.append(number)

    def _is_empty(self, number: int) -> bool:
        """Whether a segment is zeros to its end. Only then it is a spare, and may be removed."""
        try:
            file = self._storage.open(f"{self._directory}/{segment_name(number)}")
        except OSError:
            return False
        try:
            offset = 0
            while data := self._storage.pread(file, ZERO_FILL_BYTES, offset):
                if data != ZEROS[: len(data)]:
                    return False
                offset += len(data)
            return True
        except OSError:
            return False
        finally:
            self._storage.close(file)

    def _stand_in(self, number: int, size: int) -> SegmentHeader | None:
        """A header made from the watermark, for a segment whose own header cannot be read. None: the watermark names
        another segment."""
        mark = self._mark
        if mark is None or not number == mark.segment.segment_id != 0:
            return None
        if self._report.store_id not in (b"", mark.store_id):
            return None
        return mark.header(size)

    def _refuse_strangers(self) -> None:
        """Leave out segments of another store. If the store is not known, the newest segment names it."""
        report = self._report
        if report.store_id == b"" and self.segments:
            report.store_id = self.segments[-1].header.store_id
        for segment in list(self.segments):
            if segment.header.store_id != report.store_id:
                self.segments.remove(segment)
                number = segment.header.segment_id
                detail = "belongs to another log"
                report.findings.append(LogFinding(kinds.FOREIGN_SEGMENT, number, -1, detail))
                report.unusable_segments.append(number)

    def _seal(self) -> None:
        """Apply the seals: a segment replaces what earlier ones of its life have at or beyond its base, and a life
        replaces what earlier lives have at or beyond its own base.
        """
        sealed = ENDLESS
        later: SegmentHeader | None = None
        for segment in reversed(self.segments):
            header = segment.header
            if later is not None:
                same = header.life == later.life
                sealed = min(sealed, (later.base_lsn if same else later.life_base_lsn) - 1)
            segment.last_lsn = sealed
            later = header
            self._report.proven_lsn = max(self._report.proven_lsn, header.durable_lsn)


def store_ids(storage: Storage, directory: str) -> list[bytes]:
    """The store that each segment of a log names, oldest first, for the segments whose headers can be read."""
    try:
        names = storage.list(directory)
    except OSError:
        return []
    numbers = sorted(n for name in names if (n := segment_id_of(name)) is not None)
    said = (store_of(storage, f"{directory}/{segment_name(number)}") for number in numbers)
    return [store_id for store_id in said if store_id is not None]
