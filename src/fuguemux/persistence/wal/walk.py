"""Reads one segment record by record, whatever its condition.

Verified records are returned in runs of consecutive LSNs, and everything between them as holes. This module does not
decide whether a hole is damage or a write that had not finished.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from fuguemux.persistence.storage.checksum import crc32
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.wal.record import (
    ALIGNMENT_BYTES,
    BLOCK_BYTES,
    CHECKED_BYTES,
    HEADER,
    HEADER_BYTES,
    IGNORABLE,
    LAG_UNKNOWN,
    MAGIC,
    MAGIC_BYTES,
    PAYLOAD_BYTES_MAX,
    UNCHECKED,
    Record,
    RecordType,
    class_name,
)
from fuguemux.persistence.wal.segment import UnsupportedLog

WINDOW_BYTES: Final = (
    1 << 16
)  # what is checked, copied and handed on while it is in the processor's cache
_ZEROS: Final = bytes(WINDOW_BYTES)
_ORDINARY_KIND_MAX: Final = int(RecordType.OUTPUT)


class RecordRun(NamedTuple):
    """Records with consecutive LSNs, from byte `offset` to `end`, where the next one begins.

    `first_witness` and `last_witness`: the highest LSN that was durable when the first and the last of them were
    encoded.
    """

    records: list[Record]
    offset: int
    end: int
    first_witness: int
    last_witness: int


class Hole(NamedTuple):
    """Bytes that are no record. `known` lists (LSN, class) of the intact headers inside."""

    offset: int
    end: int
    known: tuple[tuple[int, str], ...] = ()


class ReadWindow:
    """A part of a file in memory. Blocks that cannot be read are zeros, and are remembered."""

    def __init__(self, storage: Storage, file: int, size: int) -> None:
        self._storage = storage
        self._file = file
        self.size = size
        self.buffer = b""
        self.start = 0
        self.unreadable: list[int] = []

    @property
    def filled(self) -> int:
        """The number of bytes in memory."""
        return len(self.buffer)

    @property
    def end(self) -> int:
        """The file offset after the last byte in memory."""
        return self.start + len(self.buffer)

    def load(self, offset: int, wanted: int = 0) -> None:
        """Load the bytes from `offset` on: at least `wanted` if the file has that many."""
        self.start = offset
        room = min(max(wanted, WINDOW_BYTES), self.size - offset)
        try:
            self.buffer = self._read(offset, room)
        except OSError:
            self.buffer = self._read_blocks(offset, room)

    def _read(self, offset: int, room: int) -> bytes:
        data = self._storage.pread(self._file, room, offset)
        while len(data) < room:
            more = self._storage.pread(self._file, room - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    def _read_blocks(self, offset: int, room: int) -> bytes:
        """Read block by block after an error, with zeros for the blocks that cannot be read."""
        blocks: list[bytes] = []
        end = offset + room
        while offset < end:
            size = min(BLOCK_BYTES - offset % BLOCK_BYTES, end - offset)
            try:
                block = self._read(offset, size)
            except OSError:
                self.unreadable.append(offset)
                block = bytes(size)
            blocks.append(block)
            offset += size
        return b"".join(blocks)


def walk(
    window: ReadWindow, seed: int, opened_ms: int, start: int, expected_lsn: int
) -> Iterator[RecordRun | Hole]:
    """All runs and holes from byte `start` on, in order.

    A record whose LSN is below `expected_lsn`, or below that of its predecessor, is part of a hole. Raises
    UnsupportedLog for an intact record of an unknown type that must not be skipped.
    """
    position = start
    window.load(position)
    while position + HEADER_BYTES <= window.size:
        if position < window.start or position + HEADER_BYTES > window.end:
            window.load(position)
            if window.filled < HEADER_BYTES:
                return
        run = _intact(window, seed, opened_ms, position, expected_lsn)
        if run is not None:
            yield run
            position = run.end
            expected_lsn += len(run.records)
            if position + HEADER_BYTES > window.end:
                continue
        step = _examine(window, seed, opened_ms, position, expected_lsn)
        if step.item is not None:
            yield step.item
        position, expected_lsn = step.position, step.expected_lsn


def _intact(
    window: ReadWindow, seed: int, opened_ms: int, position: int, expected_lsn: int
) -> RecordRun | None:
    """The hot loop: reads as many intact, consecutive, ordinary records as the window contains."""
    data, base = window.buffer, window.start
    filled = len(data)
    first = here = position - base
    last_here = filled - HEADER_BYTES
    unpack, crc32_of, new = UNCHECKED.unpack_from, crc32, Record
    records: list[Record] = []
    append = records.append
    last_lag = 0
    while here <= last_here:
        # The CRC covers the magic as well.
        kind, flags, length, lsn, lag, delta, header_crc, payload_crc = unpack(data, here)
        if lsn != expected_lsn or crc32_of(data[here : here + CHECKED_BYTES], seed) != header_crc:
            break
        stop = here + HEADER_BYTES + length
        payload = data[here + HEADER_BYTES : stop]
        if stop > filled or kind > _ORDINARY_KIND_MAX:
            break
        if crc32_of(payload, header_crc) != payload_crc:
            break
        append(new(lsn, kind, flags, opened_ms + delta, payload))
        last_lag = lag
        expected_lsn += 1
        here = (stop + 7) & -8
    if not records:
        return None
    first_lag: int = UNCHECKED.unpack_from(data, first)[4]
    first_witness = _witness(records[0].lsn, first_lag)
    return RecordRun(
        records, position, base + here, first_witness, _witness(expected_lsn - 1, last_lag)
    )


class _Step(NamedTuple):
    """What is at a place where the hot loop stopped, and where to continue."""

    item: RecordRun | Hole | None
    position: int
    expected_lsn: int


def _witness(lsn: int, lag: int) -> int:
    return max(lsn - lag, 0) if lag != LAG_UNKNOWN else 0


def _examine(
    window: ReadWindow, seed: int, opened_ms: int, position: int, expected_lsn: int
) -> _Step:
    """Explain one place: a record after all, zeros to skip, or the start of a hole."""
    header = _header_at(window, seed, position)
    if header is None:
        after_zeros = _skip_zeros(window, position)
        if after_zeros != position:
            return _Step(None, after_zeros, expected_lsn)
        return _hole(window, seed, position, expected_lsn)
    kind, flags, length, lsn, lag, delta, header_crc, crc = header
    stop = position + HEADER_BYTES + length
    after = (stop + 7) & -8
    known = ((lsn, class_name(flags)),)
    if lsn < expected_lsn or length > PAYLOAD_BYTES_MAX:
        return _hole(window, seed, position, expected_lsn)
    if stop > window.size:
        return _Step(Hole(position, window.size, known), window.size, expected_lsn)
    if stop > window.end:
        window.load(position, HEADER_BYTES + length)
    at = position - window.start
    payload = window.buffer[at + HEADER_BYTES : at + HEADER_BYTES + length]
    if crc32(payload, header_crc) != crc:
        return _Step(Hole(position, after, known), after, expected_lsn)
    if kind not in _KNOWN_KINDS and not flags & IGNORABLE:
        raise UnsupportedLog(
            f"record {lsn} is of type {kind}, unknown to this version of fugue: "
            "use the version that wrote it"
        )
    witness = _witness(lsn, lag)
    record = Record(lsn, kind, flags, opened_ms + delta, payload)
    return _Step(RecordRun([record], position, after, witness, witness), after, lsn + 1)


def _hole(window: ReadWindow, seed: int, position: int, expected_lsn: int) -> _Step:
    """The bytes from `position` to the next place at which a header may be."""
    found = _find_header(window, seed, position + ALIGNMENT_BYTES, expected_lsn)
    end = found if found < window.size else _end_of_bytes(window, position)
    return _Step(Hole(position, end), found, expected_lsn)


def _end_of_bytes(window: ReadWindow, position: int) -> int:
    """The offset after the last byte from `position` to the file's end that is not zero."""
    end = position
    while position < window.size:
        window.load(position)
        if not window.filled:
            break
        content = len(window.buffer[: window.filled].rstrip(b"\0"))
        end = position + content if content else end
        position = window.end
    return end


_KNOWN_KINDS: Final = frozenset(RecordType)


def _header_at(
    window: ReadWindow, seed: int, position: int
) -> tuple[int, int, int, int, int, int, int, int] | None:
    """The fields of an intact header at `position`, without the magic. None: there is no such header."""
    if position < window.start or position + HEADER_BYTES > window.end:
        window.load(position)
        if window.filled < HEADER_BYTES:
            return None
    at = position - window.start
    magic, kind, flags, length, lsn, lag, delta, header_crc, crc = HEADER.unpack_from(
        window.buffer, at
    )
    if magic != MAGIC or crc32(window.buffer[at : at + CHECKED_BYTES], seed) != header_crc:
        return None
    return kind, flags, length, lsn, lag, delta, header_crc, crc


def _skip_zeros(window: ReadWindow, position: int) -> int:
    """The next block that is not all zeros, if all is zero from `position` up to it."""
    boundary = min(-(-position // BLOCK_BYTES) * BLOCK_BYTES, window.size)
    if boundary > position and not _is_zero(window, position, boundary):
        return position
    position = boundary
    while position < window.size:
        if position >= window.end or position < window.start:
            window.load(position)
            if not window.filled:
                return window.size
        if _is_zero(window, position, window.end):
            position = window.end
            continue
        end = min(position + BLOCK_BYTES, window.size)
        if not _is_zero(window, position, end):
            break
        position = end
    return position


def _is_zero(window: ReadWindow, start: int, end: int) -> bool:
    if start < window.start or end > window.end:
        window.load(start)
        end = min(end, window.end)
    piece = window.buffer[start - window.start : end - window.start]
    return piece == (_ZEROS if len(piece) == len(_ZEROS) else bytes(len(piece)))


def _find_header(window: ReadWindow, seed: int, position: int, expected_lsn: int) -> int:
    """The offset of the next intact header at or after `position` whose LSN is not read yet.

    If there is none: the end of the file. A pane that prints the content of its own log puts older headers into the
    log; the comparison of LSNs refuses them.
    """
    while position + HEADER_BYTES <= window.size:
        if position < window.start or position + HEADER_BYTES > window.end:
            window.load(position)
            if window.filled < HEADER_BYTES:
                break
        at = window.buffer.find(MAGIC_BYTES, position - window.start, window.filled)
        if at < 0:
            position = (window.end - 1) & -8 if window.end < window.size else window.size
            if position < window.size:
                window.load(position)
            continue
        position = (window.start + at + 7) & -8
        if position != window.start + at:
            continue
        header = _header_at(window, seed, position)
        if header is not None and header[3] >= expected_lsn:
            return position
        position += ALIGNMENT_BYTES
    return window.size
