"""The segment that is being written, and the bytes that wait to be written to it."""

from typing import Final

import msgspec

from fuguemux.persistence.storage.files import Bytes
from fuguemux.persistence.wal.segment import SegmentHeader

JOIN_BYTES_MAX: Final = 4096
"""Buffers that are smaller are joined before they are written; larger ones are written without a copy."""


class Active(msgspec.Struct):
    """The open segment that takes new records.

    `staged` contains the buffers that were encoded but not yet written, `staged_bytes` in all. They belong at offset
    `position` of the file.
    """

    file: int
    header: SegmentHeader
    seed: int
    position: int = 0
    staged: list[Bytes] = msgspec.field(default_factory=list)
    staged_bytes: int = 0

    def header_alone(self, next_lsn: int) -> bool:
        """Whether only the segment's header is staged; it can wait for the first record."""
        return next_lsn == self.header.base_lsn and self.position == 0

    def take_staged(self) -> list[Bytes]:
        """Remove the staged buffers and return them. `position` moves to the end of the place where they belong."""
        parts, size = self.staged, self.staged_bytes
        self.staged, self.staged_bytes = [], 0
        self.position += size
        return joined(parts, size)


def joined(parts: list[Bytes], size: int) -> list[Bytes]:
    """The same bytes in fewer buffers. Joining small buffers is cheaper than writing them one by one."""
    if size <= JOIN_BYTES_MAX * 2 or size <= len(parts) * JOIN_BYTES_MAX // 2:
        return [b"".join(parts)]
    few: list[Bytes] = []
    small: list[Bytes] = []
    for part in parts:
        if len(part) < JOIN_BYTES_MAX:
            small.append(part)
            continue
        few.append(b"".join(small))
        few.append(part)
        small = []
    if small:
        few.append(b"".join(small))
    return few
