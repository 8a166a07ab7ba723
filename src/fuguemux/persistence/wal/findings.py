"""What a scan of the log found: plain values, for the recovery report and the tools."""

import dataclasses
from dataclasses import dataclass, field
from typing import Final

# What was wrong with a file or a place in it (`Finding.kind`).
UNREADABLE_HEADER: Final = "unreadable-header"
SHORT_SEGMENT: Final = "short-segment"
UNREADABLE_BLOCK: Final = "unreadable-block"
UNREADABLE_FILE: Final = "unreadable-file"
FOREIGN_SEGMENT: Final = "foreign-segment"
DAMAGED_BYTES: Final = "damaged-bytes"
LOST_RECORDS: Final = "lost-records"


@dataclass(frozen=True)
class LostRange:
    """Records that were durable once and cannot be read: damage, never a torn write.

    `from_ms` and `to_ms` are the wall times of the neighbours (0: there is none). `classes`
    counts the lost records by class where their headers survived; the rest is `unknown`.
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
        """How many records are lost."""
        return self.last_lsn - self.first_lsn + 1


@dataclass(frozen=True)
class TornTail:
    """Writes after `after_lsn` that had not finished: never acknowledged as durable, dropped.

    `records` counts those among them that are intact but stand behind a gap. A disk that rots
    inside the very last sync looks the same: nothing on it can tell the two apart.
    """

    after_lsn: int
    segment_id: int
    offset: int
    dropped_bytes: int
    records: int


@dataclass(frozen=True)
class LogFinding:
    """One thing that is wrong with one file. `offset` is -1 where the whole file is meant."""

    kind: str
    segment_id: int
    offset: int
    detail: str


@dataclass(frozen=True)
class LiveSegment:
    """A segment that is part of the log: it holds the LSNs from `base_lsn` to `last_lsn`."""

    segment_id: int
    base_lsn: int
    last_lsn: int
    used_bytes: int
    opened_ms: int


@dataclass
class ScanReport:
    """The outcome of reading a log. Complete once the records have been read to their end."""

    store_id: bytes = b""
    from_lsn: int = 1
    last_lsn: int = 0  # the highest LSN that was ever durable or could be read; the next is free
    proven_lsn: int = (
        0  # up to here the log itself testifies, or the watermark, that it was durable
    )
    end_lsn: int = (
        0  # the last record that is there, whatever is said of later ones; 0: there is none
    )
    clean: bool = False  # closed in an orderly way: nothing was in flight
    records: int = 0
    lost: list[LostRange] = field(default_factory=list)
    tail: TornTail | None = None
    findings: list[LogFinding] = field(default_factory=list)
    segments: list[LiveSegment] = field(default_factory=list)
    damaged_segments: list[int] = field(default_factory=list)  # of the log, to be copied aside
    beyond_segments: list[int] = field(
        default_factory=list
    )  # whole records are in them behind the end of the log: to be copied aside
    unusable_segments: list[int] = field(default_factory=list)  # not of the log, to be moved aside
    spare_segments: list[int] = field(default_factory=list)
    void_segments: list[int] = field(default_factory=list)  # they were about to be removed

    @property
    def damaged(self) -> bool:
        """Whether anything once durable is lost or cannot be read."""
        return bool(self.lost or self.findings)

    def to_dict(self) -> dict[str, object]:
        """The report as plain values, ready for JSON."""
        plain = dataclasses.asdict(self)
        plain["store_id"] = self.store_id.hex()
        plain["damaged"] = self.damaged
        return plain
