"""Reads a range of records of a log a second time, after a scan has found where they are."""

from collections.abc import Sequence

from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.wal.chain import ChainSegment
from fuguemux.persistence.wal.record import Record, RecordType
from fuguemux.persistence.wal.segment import RECORDS_OFFSET, seed_of, segment_name
from fuguemux.persistence.wal.walk import ReadWindow, RecordRun, walk


def reread(
    storage: Storage,
    directory: str,
    segments: Sequence[ChainSegment],
    start: tuple[int, int, int],
    first_lsn: int,
    last_lsn: int,
) -> list[Record]:
    """The records from `first_lsn` to `last_lsn`, in order, without the mark of a clean end. Raises OSError.

    `start`: the LSN of a record at or before the first one, the index of its segment, and its byte offset there.
    """
    found: list[Record] = []
    expected, start_index, offset = start
    for index in range(start_index, len(segments)):
        segment = segments[index]
        header = segment.header
        if index != start_index:
            expected, offset = header.base_lsn, RECORDS_OFFSET
        file = storage.open(f"{directory}/{segment_name(header.segment_id)}")
        try:
            window = ReadWindow(storage, file, segment.size)
            last = min(segment.last_lsn, last_lsn)
            for item in walk(window, seed_of(header.salt), header.opened_ms, offset, expected):
                if isinstance(item, RecordRun):
                    found += [r for r in item.records if first_lsn <= r.lsn <= last]
        finally:
            storage.close(file)
    if found and found[-1].kind == RecordType.CLEAN:
        found.pop()
    return found
