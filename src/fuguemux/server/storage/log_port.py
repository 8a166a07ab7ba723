"""The protocols that the flusher needs of the log's writer and of its two parts. Tests pass fakes."""

from typing import Any, Protocol


class SyncedState(Protocol):
    """How far the log is written and durable."""

    @property
    def next_lsn(self) -> int: ...

    @property
    def durable_lsn(self) -> int: ...

    @property
    def written_lsn(self) -> int: ...

    @property
    def unsynced_bytes(self) -> int: ...

    @property
    def unproven(self) -> bool: ...

    @property
    def congested(self) -> bool: ...

    @property
    def lost(self) -> bool: ...

    @property
    def troubled(self) -> bool: ...

    @property
    def reason(self) -> str: ...

    def settle(self) -> None: ...


class SegmentChores(Protocol):
    """The log's segments, which have work for a thread."""

    def chore(self) -> Any: ...

    def chore_done(self, chore: Any, error: OSError | None) -> None: ...


class SyncedWriter(Protocol):
    """The part of the writer that makes the log durable, by jobs."""

    deferred: bool

    @property
    def state(self) -> SyncedState: ...

    @property
    def segments(self) -> SegmentChores: ...

    def prove(self) -> int | None: ...

    def write(self, *, now: bool = False) -> bool: ...

    def parts_written(self, job: Any) -> None: ...

    def sync_job(self) -> Any: ...

    def sync_done(self, job: Any, error: OSError | None) -> None: ...
