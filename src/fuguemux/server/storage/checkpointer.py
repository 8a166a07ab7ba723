"""Decides when checkpoints are taken, and runs their steps without holding the loop. The series itself is in
persistence/checkpoint/checkpoint.py.

Triggers: the interval if something changed, the size of the log, a graceful stop, a recovery, a request. A failed
checkpoint changes nothing and is tried again with back-off.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import NamedTuple, Protocol

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.observe.clock import Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.checkpoint.checkpoint import (
    CheckpointResult,
    CheckpointRun,
    CheckpointSettings,
    PaneCapture,
    PaneMark,
)
from fuguemux.persistence.checkpoint.checkpoint_port import Sources
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.storage.files import NO_SPACE, room_words
from fuguemux.persistence.wal.segments import Segments
from fuguemux.persistence.wal.state import LogState
from fuguemux.server.panes.pane_terminal import ROWS_AT_ONCE
from fuguemux.server.panes.panes import Panes
from fuguemux.server.ports import EffectFailed, NotDurable

RETRY_SECONDS_MIN = 1.0
RETRY_SECONDS_MAX = 300.0
WATCH_SECONDS = 0.5
PROGRESS_SECONDS = 0.3

diagnostics = channel("checkpoint")


async def _nothing() -> None:
    pass


class Log(Protocol):
    """The part of the log writer that a checkpoint needs."""

    @property
    def state(self) -> LogState: ...

    @property
    def segments(self) -> Segments: ...

    def begin_segment(self) -> bool: ...


class CheckpointSync(Protocol):
    """The part of the flusher that a checkpoint needs."""

    async def wait_synced(self, lsn: int) -> None: ...

    def start_chores(self) -> None: ...

    async def wait_chores(self) -> None: ...


class PaneSources:
    """Implements persistence.checkpoint.Sources over the live panes."""

    def __init__(
        self,
        panes: Panes,
        state: Callable[[], ServerState],
        flush: Callable[[], None],
        last_lsn: Callable[[], int],
    ) -> None:
        self._panes = panes
        self._state = state
        self._flush = flush
        self._last_lsn = last_lsn

    def structure(self) -> tuple[ServerState, int]:
        """The state now. Output that has landed is logged first, so that every screen is as of the same LSN."""
        self._flush()
        return self._state(), self._last_lsn()

    def panes(self) -> Iterable[PaneId]:
        """The panes whose content may be stored on disk."""
        return [terminal.id for terminal in self._panes if terminal.persist]

    def mark(self, pane: PaneId) -> PaneMark:
        """A value that differs after every change of the pane's screen."""
        terminal = self._panes.get(pane)
        if terminal is None:
            return PaneMark(None)
        if terminal.waiting is not None:
            return PaneMark(None, terminal.waiting.hold_lsn)
        mark: Hashable = (terminal.lsn, terminal.read_offset, *terminal.size)
        return PaneMark(mark)

    def prepare(self, pane: PaneId) -> bool:
        """Move some of the engine's history to the store, since moving all of it at once would hold the loop."""
        terminal = self._panes.get(pane)
        if terminal is None or terminal.emulator.unarchived_rows <= ROWS_AT_ONCE:
            return False
        before = terminal.emulator.unarchived_rows
        terminal.take_archive(rows_max=ROWS_AT_ONCE)
        return terminal.emulator.unarchived_rows < before

    def capture(self, pane: PaneId) -> PaneCapture | None:
        """The pane's screen now. Its history goes to the store."""
        terminal = self._panes.get(pane)
        if terminal is None:
            return None
        self._flush()
        terminal.settle()
        terminal.take_archive(everything=True)
        emulator = terminal.emulator
        size = emulator.size
        return PaneCapture(
            self._last_lsn(),
            terminal.read_offset,
            size.columns,
            size.rows,
            emulator.engine,
            emulator.snapshot(),
            emulator.to_ansi(),
        )


class LastCheckpoint(NamedTuple):
    """What `fugue status` shows."""

    when_ms: int
    lsn: int
    new_bytes: int
    duration_ms: float
    reason: str
    number: int


class Checkpointer:
    """Takes checkpoints, one at a time. Belongs to the loop; blocking steps run on a thread."""

    def __init__(
        self,
        series: CheckpointSeries,
        sources: Sources,
        log: Log,
        clock: Clock,
        interval_s: Callable[[], float],
        wal_bytes_max: Callable[[], int],
        flusher: CheckpointSync,
        *,
        tell: Callable[[str], None] = lambda _failure: None,
        before_publishing: Callable[[], Awaitable[None]] = _nothing,
        look: Callable[[], Awaitable[None]] = _nothing,
        settings: Callable[[], CheckpointSettings] | None = None,
    ) -> None:
        """`tell` is called with `failure` when checkpoints begin to fail, fail for another reason, or succeed again.

        `before_publishing` is awaited when a checkpoint is completely written, before the log is told which segments may
        go. `look` is awaited before a checkpoint begins, so that it contains the latest facts of the process table.
        `settings` returns the settings that hold when a checkpoint begins; None: those of the series.
        """
        self._series = series
        self._sources = sources
        self._log = log
        self._clock = clock
        self._interval_s = interval_s
        self._wal_bytes_max = wal_bytes_max
        self._flusher = flusher
        self.turn = asyncio.Lock()
        """The holder of this lock may rely on the files of checkpoints, and is the only one to change them."""
        self._covered_lsn = 0
        self._retry_s = RETRY_SECONDS_MIN
        self._retry_at = 0.0
        self.last: LastCheckpoint | None = None
        self.failure = ""
        """Why the last attempt failed. Empty if it did not."""
        self._failed_by = ""
        self._tell = tell
        self._before_publishing = before_publishing
        self._look = look
        self._settings = settings

    @property
    def changed(self) -> bool:
        """Whether anything was logged since the last checkpoint, or is still to be erased from the disk."""
        return self._log.state.content_lsn > self._covered_lsn or self._series.store.erase_wanted

    def covered(self, lsn: int) -> None:
        """Note that the checkpoint from which recovery started covers the log up to `lsn`."""
        self._covered_lsn = lsn

    async def run(self) -> None:
        """Watch the triggers until cancelled."""
        due = self._now() + self._interval_s()
        while True:
            await asyncio.sleep(min(WATCH_SECONDS, self._interval_s()))
            full = self._log.segments.bytes_since(self._covered_lsn + 1) > self._wal_bytes_max()
            interval = self._interval_s()
            due = min(due, self._now() + interval)
            if self.failure:
                due = min(due, self._retry_at)
            # A failed checkpoint is due even if nothing has changed since: only another attempt shows that the cause is
            # gone.
            wanted = self.changed or bool(self.failure)
            if not wanted or not (full or self._now() >= due):
                if not wanted:
                    due = self._now() + interval
                continue
            if self.failure and self._now() < self._retry_at:
                continue
            with contextlib.suppress(OSError, PackDamaged):  # reported, and tried again
                await self.take("log size" if full else "interval")
            due = self._now() + interval

    async def take(
        self,
        reason: str,
        *,
        name: str = "",
        tell: Callable[[str], None] = lambda _text: None,
    ) -> CheckpointResult:
        """Take a checkpoint now. With a `name`, also copy it into a save.

        Raises OSError, PackDamaged, or EffectFailed. Then nothing has changed, or the checkpoint exists without the save.
        """
        async with self.turn:
            if any(save.name == name for save in self._series.saves):
                raise EffectFailed(
                    f"there is a save called {name!r}: use another name, or delete that one first: fugue state delete {name}"
                )
            started = self._clock.monotonic_ns()
            await self._look()
            lsn = self._log.state.next_lsn - 1
            if self._settings is not None:
                self._series.settings = self._settings()
            if self._series.store.erase_wanted:
                # Erased data are in the segments up to here, which can then be removed as a whole.
                self._log.begin_segment()
            run = CheckpointRun(self._series, self._sources, reason, anew=bool(name))
            try:
                reach("checkpoint.begun")
                for step in run.steps():
                    if step.after_lsn:
                        await self._settled(step.after_lsn)
                    if step.blocking:
                        await asyncio.to_thread(step.run)
                    else:
                        step.run()
                        await asyncio.sleep(0)
                result = run.result
            except (OSError, PackDamaged) as error:
                self._came_out(str(error), _reason(error))
                diagnostics.warning("checkpoint.failed", reason=reason, error=str(error))
                if isinstance(error, OSError):
                    self._log.segments.space.release_ballast()
                await asyncio.to_thread(run.abandon)
                raise
            reach("checkpoint.published")
            if result.set_aside:
                names = ", ".join(result.set_aside)
                diagnostics.warning("checkpoint.set_aside", names=names)
            self._came_out("")
            self._covered_lsn = lsn
            self._log.segments.truncate_before(result.wal_before_lsn)
            self._flusher.start_chores()
            if result.purge:
                await self._flusher.wait_chores()  # the requester is told that the data are gone
            reach("checkpoint.log_cut")
            self._note(result, reason, (self._clock.monotonic_ns() - started) / 1e6)
            if name:
                await self._keep(result, name, tell)
            return result

    def _note(self, result: CheckpointResult, reason: str, duration_ms: float) -> None:
        self.last = LastCheckpoint(
            self._clock.wall_ms(),
            result.manifest.structure_lsn,
            result.new_bytes,
            duration_ms,
            reason,
            result.manifest.number,
        )
        diagnostics.info(
            "checkpoint.taken",
            number=result.manifest.number,
            reason=reason,
            bytes=result.new_bytes,
            panes=result.panes_written,
            ms=round(duration_ms, 1),
        )

    async def _keep(self, result: CheckpointResult, name: str, tell: Callable[[str], None]) -> None:
        """Copy the checkpoint into a save. `tell` is called with the progress now and then."""
        number = result.manifest.number
        loop, next_s = asyncio.get_running_loop(), self._now() + PROGRESS_SECONDS

        def progress(share: float) -> None:
            nonlocal next_s
            if self._now() >= next_s:
                next_s = self._now() + PROGRESS_SECONDS
                loop.call_soon_threadsafe(tell, f"fugue: saving {name}: {share:.0%}…")

        try:
            save = await asyncio.to_thread(self._series.keep, result.manifest, name, progress)
        except (OSError, PackDamaged) as error:
            reason = _reason(error)
            if isinstance(error, OSError) and error.errno in NO_SPACE:
                needed = sum(pack.size_bytes for pack in result.manifest.packs)
                room = room_words(self._series.storage, self._series.directory, needed)
                reason = f"{reason} (about {room})" if room else reason
            raise EffectFailed(
                f"not saved as {name!r}: {reason}; checkpoint {number} itself is written"
            ) from error
        self._series.saves.append(save)
        diagnostics.info("checkpoint.saved", number=number, bytes=save.new_bytes)

    def _came_out(self, failure: str, reason: str = "") -> None:
        """Note the result of an attempt. `reason` is `failure` without the name of a file, which differs each time."""
        changed = reason != self._failed_by
        self.failure, self._failed_by = failure, reason
        self._retry_s = min(self._retry_s * 2, RETRY_SECONDS_MAX) if failure else RETRY_SECONDS_MIN
        self._retry_at = self._now() + self._retry_s
        if changed:
            self._tell(failure)

    async def _settled(self, lsn: int) -> None:
        """Wait until the log is durable up to `lsn`: a checkpoint must not be ahead of the log, unless the log cannot
        catch up.
        """
        await self._before_publishing()
        try:
            await self._flusher.wait_synced(lsn)
        except NotDurable as lost:
            diagnostics.warning("checkpoint.ahead_of_log", lsn=lsn, reason=str(lost))

    def _now(self) -> float:
        return self._clock.monotonic_ns() / 1e9


def _reason(error: OSError | PackDamaged) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
