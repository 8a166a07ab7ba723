"""Whether the log keeps its promise of durability, and the sizes that set how long it can keep it."""

from collections.abc import Callable
from enum import Enum
from typing import Final

import msgspec

from fuguemux.persistence.storage.files import NO_SPACE

RETRY_MS_MIN: Final = 100
RETRY_MS_MAX: Final = 30_000


class Durability(Enum):
    """Whether an acknowledged change would survive a power failure."""

    OK = "ok"
    DEGRADED = "degraded"  # structure is durable or soon will be; output may not be logged
    LOST = "lost"  # nothing new becomes durable; the writer tries again


class DurabilityState:
    """The current durability and its reason, when the next attempt is due, and the functions to call on a change."""

    def __init__(
        self, on_change: Callable[[Durability, str], None], monotonic_ms: Callable[[], int]
    ) -> None:
        self._on_change = on_change
        self._monotonic_ms = monotonic_ms  # because the wall clock may be set back, which would delay the next attempt
        self.state = Durability.OK
        self.reason = ""
        self._retry_at_ms = 0
        self._retry_ms = RETRY_MS_MIN

    @property
    def due(self) -> bool:
        """Whether it is time for the next attempt."""
        return self._monotonic_ms() >= self._retry_at_ms

    def try_now(self) -> None:
        """Make the next attempt due now, because there is a reason to expect that it succeeds."""
        self._retry_at_ms = 0

    def failed(self, error: OSError, *, again: bool, room: str = "") -> None:
        """A file refused a write or a sync. After the first time another file is tried at once. `again`: try after a
        delay that doubles.

        `room` says how much of a full disk is free and how much is needed.
        """
        if again:
            self._retry_at_ms = self._monotonic_ms() + self._retry_ms
            self._retry_ms = min(self._retry_ms * 2, RETRY_MS_MAX)
        self.become(Durability.LOST if again else Durability.DEGRADED, describe(error, room))

    def recovered(self) -> None:
        """Everything is durable again, so the next failure counts as a first one."""
        self._retry_ms = RETRY_MS_MIN

    def become(self, state: Durability, reason: str) -> None:
        """Set the state and its reason. Reports a change once."""
        if (state, reason) != (self.state, self.reason):
            self.state, self.reason = state, reason
            self._on_change(state, reason)


class LogUnavailable(OSError):
    """The disk has refused for so long that the memory for unwritten records is full."""


class WriterOptions(msgspec.Struct, frozen=True):
    """Sizes in bytes. See the configuration for those that a user may change."""

    segment_bytes: int = 16 << 20
    first_segment_bytes: int = 1 << 20
    ballast_bytes: int = 4 << 20
    unsynced_bytes_max: int = 8 << 20


def describe(error: OSError, room: str = "") -> str:
    """One line for the status: the error of the disk. For a full disk also what is free and needed, if that is known."""
    if error.errno in NO_SPACE:
        return f"disk full: {room}" if room else "disk full"
    return error.strerror or str(error) or "I/O error"
