"""Finds out from a segment without a readable header whether it ever was a durable part of the log.

The salt in the header starts the checksum of every record header. A CRC can be computed backwards, so one record
gives that start, and with it all others can be checked. A record says what was durable when it was encoded. If that
is a record of the same segment, the header had been durable as well, because both are synced together: the header was
damaged later. Without such a record the segment may be a write that had not finished at a power failure.
"""

from collections.abc import Iterator
from typing import Final

from fuguemux.persistence.storage.checksum import crc32
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.wal.record import (
    ALIGNMENT_BYTES,
    BLOCK_BYTES,
    CHECKED_BYTES,
    HEADER,
    HEADER_BYTES,
    MAGIC_BYTES,
)
from fuguemux.persistence.wal.segment import (
    RECORDS_OFFSET,
    SEGMENT_BYTES_MAX,
    UnsupportedLog,
    segment_name,
)
from fuguemux.persistence.wal.walk import ReadWindow, RecordRun, walk

_POLYNOMIAL: Final = 0xEDB88320
_CANDIDATES_MAX: Final = 64
"""At most this many places are tried, because the segment is read once for each."""


def durable_lsn(storage: Storage, directory: str, number: int) -> int:
    """The LSN up to which the segment's own records say that they were durable. 0: nothing shows that any was."""
    try:
        file = storage.open(f"{directory}/{segment_name(number)}")
    except OSError:
        return 0
    try:
        window = ReadWindow(storage, file, min(storage.size(file), SEGMENT_BYTES_MAX))
        for position, seed, first_lsn in list(_candidates(window)):
            last, witness = _read(window, seed, position, first_lsn)
            if last:
                return witness if witness >= first_lsn else 0
    except (OSError, UnsupportedLog):
        return 0
    finally:
        storage.close(file)
    return 0


def _candidates(window: ReadWindow) -> Iterator[tuple[int, int, int]]:
    """Places that may be the header of a record: the offset, the seed if it is one, and its LSN."""
    if window.size < RECORDS_OFFSET + HEADER_BYTES:
        return
    window.load(RECORDS_OFFSET, BLOCK_BYTES)
    data, at, found = window.buffer, -1, 0
    while found < _CANDIDATES_MAX and (at := data.find(MAGIC_BYTES, at + 1)) >= 0:
        if at % ALIGNMENT_BYTES or at + HEADER_BYTES > len(data):
            continue
        _magic, _kind, _flags, length, lsn, _lag, _time, header_crc, _crc = HEADER.unpack_from(
            data, at
        )
        if length:  # without a payload a record cannot be distinguished from other bytes
            found += 1
            yield window.start + at, _seed(data[at : at + CHECKED_BYTES], header_crc), lsn


def _read(window: ReadWindow, seed: int, position: int, first_lsn: int) -> tuple[int, int]:
    """The last LSN that verifies with this seed (0: none verifies), and the highest LSN that any of these records
    testifies to."""
    last = witness = 0
    for item in walk(window, seed, 0, position, first_lsn):
        if isinstance(item, RecordRun):
            last = item.records[-1].lsn
            witness = max(witness, item.last_witness)
        elif not last:
            break
    return last, witness


def _seed(checked: bytes, crc: int) -> int:
    """The value with which the CRC-32 of `checked` must start so that its result is `crc`."""
    value = crc ^ 0xFFFFFFFF
    for byte in reversed(checked):
        for _ in range(8):
            value = ((value ^ _POLYNOMIAL) << 1 | 1) if value & 0x80000000 else value << 1
        value ^= byte
    seed = value ^ 0xFFFFFFFF
    assert crc32(checked, seed) == crc
    return seed
