"""Finds the complete records in the bytes of a segment."""

from collections.abc import Iterator
from random import Random

from fuguemux.persistence.wal.segment import RECORDS_OFFSET, decode_header, seed_of
from fuguemux.persistence.wal.walk import Hole, ReadWindow, walk
from tests.simulation.disk import SimDisk


def whole_records(content: bytes | bytearray) -> Iterator[int]:
    """Their LSNs; none if the header cannot be read."""
    header = decode_header(bytes(content[:RECORDS_OFFSET]))
    if header is None:
        return
    disk = SimDisk(Random(0))
    file = disk.create("segment")
    disk.pwrite(file, bytes(content), 0)
    window = ReadWindow(disk, file, len(content))
    seed = seed_of(header.salt)
    for item in walk(window, seed, header.opened_ms, RECORDS_OFFSET, header.base_lsn):
        if not isinstance(item, Hole):
            yield from (record.lsn for record in item.records)
