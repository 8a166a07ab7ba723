"""The results of reading the log: plain values, for the recovery report and the tools."""

from typing import Final

import msgspec

# The kinds of problems with a file or a place in it (`Finding.kind`).
UNREADABLE_HEADER: Final = "unreadable-header"
SHORT_SEGMENT: Final = "short-segment"
UNREADABLE_BLOCK: Final = "unreadable-block"
UNREADABLE_FILE: Final = "unreadable-file"
FOREIGN_SEGMENT: Final = "foreign-segment"
DAMAGED_BYTES: Final = "damaged-bytes"
LOST_RECORDS: Final = "lost-records"


class LostRange(msgspec.Struct, frozen=True):
    """Records that were durable once and cannot be read: damage, and not a write that had not finished.

    `from_ms` and `to_ms` are the wall times of the neighbouring records (0: there is none). `classes` counts the lost
    records by class where their headers can be read; the rest is `unknown`.
    """

    first_lsn: int
    last_lsn: int
    segment_id: int
    offset: int
    damaged_bytes: int
    from_ms: int
    to_ms: int
    classes: dict[str, int]

    @property
    def records(self) -> int:
        """The number of lost records."""
        return self.last_lsn - self.first_lsn + 1


class TornTail(msgspec.Struct, frozen=True):
    """Writes after `after_lsn` that had not finished. They were never acknowledged as durable, and are dropped.

    `records` counts those among them that are intact but follow a gap. Damage inside the very last sync looks the
    same: nothing on the disk distinguishes the two.
    """

    after_lsn: int
    segment_id: int
    offset: int
    dropped_bytes: int
    records: int


class LogFinding(msgspec.Struct, frozen=True):
    """A problem with one file. `offset` is -1 if the whole file is meant."""

    kind: str
    segment_id: int
    offset: int
    detail: str


class LiveSegment(msgspec.Struct, frozen=True):
    """A segment that is part of the log. It contains the LSNs from `base_lsn` to `last_lsn`."""

    segment_id: int
    base_lsn: int
    last_lsn: int
    used_bytes: int
    opened_ms: int


class ScanReport(msgspec.Struct):
    """The result of reading a log. It is complete when the records have been read to their end."""

    store_id: bytes = b""
    from_lsn: int = 1
    last_lsn: int = 0  # the highest LSN that was ever durable or could be read; the next is free
    proven_lsn: int = 0  # the log or the watermark testifies that records were durable up to here
    end_lsn: int = (
        0  # the last record that exists, whatever is known of later ones; 0: there is none
    )
    clean: bool = False  # whether the log was closed in order, with no write in flight
    records: int = 0
    lost: list[LostRange] = msgspec.field(default_factory=list)
    tail: TornTail | None = None
    findings: list[LogFinding] = msgspec.field(default_factory=list)
    segments: list[LiveSegment] = msgspec.field(default_factory=list)
    damaged_segments: list[int] = msgspec.field(default_factory=list)
    """Segments of the log with damage, to be copied to the quarantine."""
    beyond_segments: list[int] = msgspec.field(default_factory=list)
    """Segments with whole records after the end of the log, to be copied to the quarantine."""
    unusable_segments: list[int] = msgspec.field(default_factory=list)
    """Files that are not part of the log, to be moved to the quarantine."""
    spare_segments: list[int] = msgspec.field(default_factory=list)
    void_segments: list[int] = msgspec.field(default_factory=list)
    """Segments that were about to be removed."""

    @property
    def damaged(self) -> bool:
        """Whether anything that was durable once is lost or cannot be read."""
        return bool(self.lost or self.findings)

    def to_dict(self) -> dict[str, object]:
        """The report as plain values, ready for JSON."""
        plain: dict[str, object] = msgspec.to_builtins(self)
        plain["store_id"] = self.store_id.hex()
        plain["damaged"] = self.damaged
        return plain
