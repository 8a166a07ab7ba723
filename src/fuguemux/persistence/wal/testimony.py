"""Reads which records a segment proves to have been durable when its own records were written."""

from typing import NamedTuple

from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.wal.chain import ChainSegment
from fuguemux.persistence.wal.segment import seed_of, segment_name
from fuguemux.persistence.wal.walk import Hole, ReadWindow, walk


class Testimony(NamedTuple):
    """`lsn`: the highest LSN that the records of a segment prove to have been durable; 0: none. `records`: how many
    records were read."""

    lsn: int
    records: int


def testimony(
    storage: Storage, directory: str, segment: ChainSegment, start: int, expected: int
) -> Testimony:
    """The testimony of the records of `segment` from byte `start` on, where LSN `expected` should be. Blocks; raises
    nothing."""
    lsn = records = 0
    header = segment.header
    try:
        file = storage.open(f"{directory}/{segment_name(header.segment_id)}")
    except OSError:
        return Testimony(0, 0)
    try:
        window = ReadWindow(storage, file, segment.size)
        for item in walk(window, seed_of(header.salt), header.opened_ms, start, expected):
            if isinstance(item, Hole):
                continue
            if item.records[0].lsn > segment.last_lsn:
                break
            lsn = max(lsn, item.last_witness)
            records += len(item.records)
    finally:
        storage.close(file)
    return Testimony(lsn, records)
