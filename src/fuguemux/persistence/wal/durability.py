"""Whether the log keeps its promise, and the sizes that decide how long it can."""

from dataclasses import dataclass
from enum import Enum

from fuguemux.persistence.files import NO_SPACE


class Durability(Enum):
    """Whether an acknowledged change would survive a power failure."""

    OK = "ok"
    DEGRADED = "degraded"  # structure is durable or about to be; output may not be logged
    LOST = "lost"  # nothing new becomes durable; it is being retried


class LogUnavailable(OSError):
    """The disk has refused for so long that memory for unwritten records has run out."""


@dataclass(frozen=True)
class WriterOptions:
    """Sizes in bytes; see the configuration for what a person may change."""

    segment_bytes: int = 16 << 20
    first_segment_bytes: int = 1 << 20
    ballast_bytes: int = 4 << 20
    unsynced_bytes_max: int = 8 << 20


def describe(error: OSError) -> str:
    """One line for the status: what the disk said."""
    what = error.strerror or str(error) or "I/O error"
    return "disk full" if error.errno in NO_SPACE else what
