"""The protocols and values between a checkpoint and the server: what it asks for, and what it returns."""

from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, Protocol

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.checkpoint.manifest import Manifest
from fuguemux.persistence.scrollback.blocks import COMPRESSION_LEVEL
from fuguemux.persistence.scrollback.packs import PACK_BYTES_MAX


class PaneMark(NamedTuple):
    """Shows whether a pane changed since the last checkpoint.

    `mark` is any value that differs after every possible change of its screen: its output offset, its size, its process.
    None: the pane cannot be captured yet, because its output is still being replayed. Then its parts in the last
    checkpoint are kept, and `hold_lsn` is the first log record that has to be kept for it.
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
    """Provides what a checkpoint writes. Called on the loop; every call is quick."""

    def structure(self) -> tuple[ServerState, int]:
        """The state, and the LSN of the last record that is part of it and of every pane's screen."""

    def panes(self) -> Iterable[PaneId]:
        """The panes to store, without those that must not be stored on disk."""

    def mark(self, pane: PaneId) -> PaneMark | None:
        """A mark that shows whether the pane changed. None if the pane is gone."""

    def prepare(self, pane: PaneId) -> bool:
        """Do a part of the work of `capture`, if it is much. Returns True if there is more."""

    def capture(self, pane: PaneId) -> PaneCapture | None:
        """The pane's terminal now. None if it is gone."""


class CheckpointSettings(msgspec.Struct, frozen=True):
    """The settings of checkpoints."""

    extra_generations: int = 0
    """Generations beyond the two that are always kept."""
    scrollback_persistence_lines: int | None = None
    compaction_bytes_max: int = PACK_BYTES_MAX
    compression_level: int = COMPRESSION_LEVEL
    slice_ms: float = 2.0
    program: str = "fugue"


class CheckpointResult(NamedTuple):
    """The result of a checkpoint. No record below `wal_before_lsn` is needed any more.

    `purge`: lines were erased whose bytes are still in the log. Begin a new segment, then delete the log up to
    `wal_before_lsn`.
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
    """Names in the quarantine of the files beside the checkpoints that were not understood."""


class Step(NamedTuple):
    """A part of a checkpoint. `blocking`: run it on a thread; otherwise on the loop, where it takes at most some ms.

    Run it when the log is durable up to `after_lsn`, or when durability is lost, so that the checkpoint has to save the
    data.
    """

    run: Callable[[], None]
    blocking: bool
    after_lsn: int = 0
