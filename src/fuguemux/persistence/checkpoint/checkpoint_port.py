"""What a checkpoint asks of the server, and what it gives back."""

from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, Protocol

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.checkpoint.manifest import Manifest
from fuguemux.persistence.scrollback.blocks import COMPRESSION_LEVEL
from fuguemux.persistence.scrollback.packs import PACK_BYTES_MAX


class PaneMark(NamedTuple):
    """What tells whether a pane changed since the last checkpoint.

    `mark` is any value that differs after everything that may change its screen: its output offset, its size, its
    process. None: the pane is not ready to be captured (its output is still being replayed); what the last checkpoint has
    of it is kept, and `hold_lsn` says from which record on the log has to be kept for it.
    """

    mark: Hashable | None
    hold_lsn: int = 0


class PaneCapture(NamedTuple):
    """A pane's terminal as of log record `lsn`, taken right after all its history went to the scrollback store."""

    lsn: int
    output_offset: int
    columns: int
    rows: int
    engine: str
    snapshot: bytes
    fallback: bytes
    """The screen as terminal output, for any engine."""


class Sources(Protocol):
    """Where a checkpoint gets what it writes. Called on the loop; every call is quick."""

    def structure(self) -> tuple[ServerState, int]:
        """The state, and the LSN of the last record that is part of it and of every pane's screen."""

    def panes(self) -> Iterable[PaneId]:
        """The panes to be stored. A pane that must not reach the disk is not among them."""

    def mark(self, pane: PaneId) -> PaneMark | None:
        """What tells whether the pane changed; None if it is gone."""

    def prepare(self, pane: PaneId) -> bool:
        """Do a part of what `capture` would do, if that is much. True: there is more."""

    def capture(self, pane: PaneId) -> PaneCapture | None:
        """The pane's terminal now; None if it is gone."""


class CheckpointSettings(msgspec.Struct, frozen=True):
    """What a person may change."""

    keep_more: int = 0
    """Generations beyond the two that are always there."""
    scrollback_persistence_lines: int | None = None
    compaction_bytes_max: int = PACK_BYTES_MAX
    compression_level: int = COMPRESSION_LEVEL
    slice_ms: float = 2.0
    program: str = "fugue"


class CheckpointResult(NamedTuple):
    """What a checkpoint did. `wal_before_lsn`: no record below it is needed any more.

    `purge`: lines were cleared, whose bytes the log still holds: begin a new segment, then delete up to `wal_before_lsn`.
    """

    manifest: Manifest
    new_bytes: int
    panes_written: int
    blocks_written: int
    bytes_moved: int
    wal_before_lsn: int
    removed: list[str]
    purge: bool
    set_aside: list[str] = []
    """What was beside the checkpoints and not understood, by the names it has in the quarantine now."""


class Step(NamedTuple):
    """A part of a checkpoint. `blocking`: run it on a thread; otherwise on the loop, where it takes some ms at most.

    Run it when the log is durable up to `after_lsn`, or its durability is lost and the checkpoint is what saves the day.
    """

    run: Callable[[], None]
    blocking: bool
    after_lsn: int = 0
