"""What the thread that flushes the log needs of its writer; tests give another one."""

from typing import Any, Protocol


class Writer(Protocol):
    """What the flusher needs of the log's writer."""

    next_lsn: int
    durable_lsn: int
    unsynced_bytes: int
    deferred: bool

    @property
    def written_lsn(self) -> int: ...

    @property
    def unproven(self) -> bool: ...

    def prove(self) -> int | None: ...

    @property
    def congested(self) -> bool: ...

    @property
    def lost(self) -> bool: ...

    @property
    def troubled(self) -> bool: ...

    @property
    def reason(self) -> str: ...

    def write(self, *, now: bool = False) -> bool: ...

    def parts_written(self, job: Any) -> None: ...

    def sync_job(self) -> Any: ...

    def sync_done(self, job: Any, error: OSError | None) -> None: ...

    def chore(self) -> Any: ...

    def chore_done(self, chore: Any, error: OSError | None) -> None: ...
