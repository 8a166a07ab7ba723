"""Checkpoints: the whole structure, what changed of the panes, and new scrollback, in steps too small to stall the server.

    series = CheckpointSeries(storage, directory, store, …)
    run = CheckpointRun(series, sources, reason)
    for step in run.steps(): step.run()        # on the loop, or on a thread where `step.blocking`
    run.result

A checkpoint is fuzzy: the structure is as of one moment and each pane as of another, and each names the log record after
which it was taken; replay brings them to the same LSN. Packs are written, synced and read back. Then they and the manifest
get their names, and one sync of the directory makes these durable. Until then nothing refers to them, so a checkpoint that
fails or is killed at any point changes nothing.
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.checkpoint.checkpoint_files import CheckpointFiles
from fuguemux.persistence.checkpoint.checkpoint_port import (
    CheckpointResult,
    CheckpointSettings,
    PaneCapture,
    PaneMark,
    Sources,
    Step,
)
from fuguemux.persistence.checkpoint.manifest import Manifest, place_of
from fuguemux.persistence.checkpoint.pane_files import Item, PaneFiles, StoredScreen, Written
from fuguemux.persistence.checkpoint.retention import Retained, retain
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.scrollback.packs import PackPlace
from fuguemux.persistence.storage.serialization import encode_state

__all__ = [
    "CheckpointResult",
    "CheckpointRun",
    "CheckpointSettings",
    "PaneCapture",
    "PaneMark",
    "Sources",
    "Step",
    "run_to_end",
]

PREPARATIONS_MAX: Final = 100
"""Calls of `prepare` in a row for one pane: a program that writes without end must not hold up the checkpoint."""


class CheckpointRun:
    """One checkpoint. Run its steps in order; after an exception call `abandon`."""

    def __init__(
        self, series: CheckpointSeries, sources: Sources, reason: str, *, anew: bool = False
    ) -> None:
        """Only one may run at a time. `anew`: it uses no screen and no index of earlier checkpoints."""
        self._series = series
        self._sources = sources
        self._reason = reason
        self._number = number = series.next_number(anew=anew)
        self._files = CheckpointFiles(
            series.storage, series.directory, series.store, series.store_id, number
        )
        self._todo: list[PaneId] = []
        self._carried: dict[PaneId, Written] = {}
        self._captured: list[Item] = []
        self._items: list[Item] = []
        self._unsettled: list[Item] = []
        self._state = ServerState()
        self._lsn = 0
        self._wal_start = 0
        self._after_lsn = 0
        self._prepared = 0
        self._victims: set[bytes] = set()
        self._purge = False
        self._manifest: Manifest | None = None
        self._result: CheckpointResult | None = None

    @property
    def result(self) -> CheckpointResult:
        """What the checkpoint did. All steps must have run."""
        assert self._result is not None, "the checkpoint has not been run to its end"
        return self._result

    def steps(self) -> Iterator[Step]:
        """The steps, in order. Each may raise OSError or PackDamaged; then nothing has changed."""
        yield Step(self._begin, False)
        yield Step(self._files.open, True)
        while self._todo:
            yield Step(self._capture, False)
            yield Step(self._write, True)
        yield Step(self._publish, True, max(self._highest_lsn(), self._after_lsn))
        yield Step(self._adopt, False)
        while self._unsettled:
            yield Step(self._settle, False)
        yield Step(self._retain, True)

    def abandon(self) -> None:
        """Remove the checkpoint's files if possible. Blocks."""
        self._files.abandon()

    # -- on the loop --------------------------------------------------------------------------

    def _begin(self) -> None:
        series = self._series
        series.store.level = series.settings.compression_level
        self._state, self._lsn = self._sources.structure()
        self._wal_start = self._lsn
        panes = list(self._sources.panes())
        marks = {pane: mark for pane in panes if (mark := self._sources.mark(pane)) is not None}
        busy = self._hold(marks)
        # Packs that must stay may contain erased lines: then a later checkpoint purges.
        self._purge = (series.store.erase_wanted or series.whole) and not busy
        self._files.salvage = series.whole
        if self._purge:
            series.highest_number += 1
        self._victims = series.victims(busy, all_dead=self._purge) | series.store.elsewhere
        for pane, mark in marks.items():
            if mark.mark is not None and not self._carry(pane, mark.mark):
                self._todo.append(pane)

    def _hold(self, marks: Mapping[PaneId, PaneMark]) -> set[bytes]:
        """Keep the stored parts of panes that cannot be captured yet. Returns the packs that must stay for them."""
        busy: set[bytes] = set()
        for pane, mark in marks.items():
            if mark.mark is not None:
                continue
            written = self._series.written.get(pane)
            if written is None:
                self._wal_start = min(self._wal_start, max(mark.hold_lsn - 1, 0))
                continue
            self._carried[pane] = written
            self._wal_start = min(self._wal_start, written.stored.lsn)
            busy |= written.stored.digests()
        return busy

    def _carry(self, pane: PaneId, mark: Hashable) -> bool:
        """Use a pane's parts of the last checkpoint again, if the pane did not change and no part has to move. Returns
        whether it did.
        """
        written = self._series.written.get(pane)
        if written is None or written.mark != mark:
            return False
        if written.version != self._series.store.pane(pane).version:
            return False
        if self._victims and not self._victims.isdisjoint(written.stored.digests()):
            return False
        # Nothing happened to it since, so its parts are valid as of now.
        self._carried[pane] = written._replace(stored=written.stored._replace(lsn=self._lsn))
        return True

    def _capture(self) -> None:
        """Take snapshots of as many panes as a time slice allows."""
        clock = self._series.monotonic
        deadline = clock() + self._series.settings.slice_ms / 1000
        while self._todo:
            if self._prepared < PREPARATIONS_MAX and self._sources.prepare(self._todo[-1]):
                self._prepared += 1
            else:
                self._prepared = 0
                self._capture_pane(self._todo.pop())
            if clock() >= deadline:
                break

    def _capture_pane(self, pane: PaneId) -> None:
        _, now = self._sources.structure()  # before the mark, so that the mark shows what this logs
        found = self._sources.mark(pane)
        written = self._series.written.get(pane)
        if found is None:
            self._pane_gone(pane, written)
            return
        scrollback = self._series.store.pane(pane)
        if written is not None and written.can_stay(found.mark, self._victims):
            # The history is cut now. It may have been cleared since the checkpoint began, so the pane is as of now.
            files = PaneFiles(written.stored._replace(lsn=now), None)
        else:
            capture = self._sources.capture(pane)
            if capture is None:
                self._pane_gone(pane, written)
                return
            screen = StoredScreen(
                capture.columns,
                capture.rows,
                capture.engine,
                capture.snapshot,
                capture.fallback,
                capture.lsn,
                capture.output_offset,
            )
            files = PaneFiles(None, screen)
        if written is not None and written.version == scrollback.version:
            files.same_scrollback = written.stored
        files.cut = scrollback.cut(self._series.settings.scrollback_persistence_lines)
        self._captured.append(Item(pane, found.mark, files))

    def _pane_gone(self, pane: PaneId, written: Written | None) -> None:
        """A pane of the structure was closed since. The log tells that, so the checkpoint waits until that record is durable."""
        self._after_lsn = max(self._after_lsn, self._sources.structure()[1])
        if written is not None:
            self._carried[pane] = written

    def _adopt(self) -> None:
        """The checkpoint is the newest one from here on."""
        series, manifest = self._series, self._manifest
        assert manifest is not None
        written = dict(self._carried)
        for item in self._items:
            version = item.files.cut.version if item.files.cut is not None else None
            written[item.pane] = Written(item.files.stored(), item.mark, version)
        series.written = written
        self._unsettled = list(self._items)
        series.store.losses.adopt()
        if self._purge:
            series.store.erase_wanted = series.whole = False
            series.generations.clear()
        series.generations[:0] = reversed(self._files.manifests)

    def _settle(self) -> None:
        """Tell the scrollback of as many panes as a time slice allows where its blocks are now."""
        store, clock = self._series.store, self._series.monotonic
        deadline = clock() + self._series.settings.slice_ms / 1000
        while self._unsettled:
            item = self._unsettled.pop()
            files = item.files
            if item.pane in store and files.cut is not None:
                store.pane(item.pane).written(files.cut, files.blocks, files.open_place)
            if clock() >= deadline:
                break

    # -- on a thread --------------------------------------------------------------------------

    def _write(self) -> None:
        for item in self._captured:
            self._files.write_pane(item.pane, item.files, self._victims)
        self._items += self._captured
        self._captured = []

    def _highest_lsn(self) -> int:
        """The LSN of the newest record that is part of the checkpoint."""
        return max([self._lsn, *(item.files.lsn for item in self._items)])

    def _publish(self) -> None:
        self._files.write_structure(encode_state(self._state, self._series.withhold))
        self._files.finish_packs()
        stored = {pane: written.stored for pane, written in self._carried.items()}
        stored |= {item.pane: item.files.stored() for item in self._items}
        wal_start = min([self._wal_start, *(entry.lsn for entry in stored.values())])
        highest = self._highest_lsn()
        generations = self._series.generations
        engines = [item.files.screen.engine for item in self._items if item.files.screen]
        before = generations[0] if generations else None
        held, held_lsn, wal_start = self._older_structure(before, wal_start)
        manifest = self._files.manifest(
            stored,
            {pack.digest: pack.size_bytes for each in generations for pack in each.packs},
            held,
            number=self._number,
            store_id=self._series.store_id,
            created_ms=self._series.now_ms(),
            reason=self._reason,
            program=self._series.settings.program,
            engine=engines[-1] if engines else (before.engine if before is not None else ""),
            structure_lsn=self._lsn,
            held_lsn=held_lsn,
            wal_start_lsn=wal_start,
            next_lsn=highest + 1,
            previous=before.number if before is not None else 0,
            sessions=tuple(s.name for _, s in sorted(self._state.sessions.items())),
            missing=self._series.missing,
        )
        self._manifest = manifest
        reach("checkpoint.before_manifest")
        self._files.publish(manifest, twice=self._purge)

    def _older_structure(
        self, before: Manifest | None, lsn: int
    ) -> tuple[PackPlace | None, int, int]:
        """The newest stored structure that is not newer than the oldest pane, and its LSN. None: the current one is not either.

        The third value says behind which record the log is needed then: behind that structure, or from the beginning of the
        log where no structure is stored.
        """
        if lsn >= self._lsn:
            return None, 0, lsn
        if before is not None and before.structure_lsn <= lsn:
            return place_of(before, before.structure), before.structure_lsn, before.structure_lsn
        if before is not None and before.held is not None:
            return place_of(before, before.held), before.held_lsn, min(lsn, before.held_lsn)
        return None, 0, min(lsn, before.wal_start_lsn if before is not None else 0)

    def _retain(self) -> None:
        series = self._series
        assert self._manifest is not None
        series.store.losses.set_aside_beside(series.storage, series.directory)
        retained: Retained = retain(
            series.storage,
            series.directory,
            series.generations,
            series.saves,
            extra_generations=series.settings.extra_generations,
            forget=series.store.reader.forget,
        )
        series.generations = retained.generations
        self._result = CheckpointResult(
            self._manifest,
            self._files.new_bytes,
            len(self._items),
            self._files.blocks_written,
            self._files.bytes_moved,
            retained.wal_before_lsn,
            retained.removed,
            self._purge,
            retained.set_aside,
        )


def run_to_end(run: CheckpointRun) -> CheckpointResult:
    """Run every step on this thread. The log must be durable. Raises what a step raises, having removed what was written."""
    try:
        for step in run.steps():
            step.run()
    except BaseException:
        run.abandon()
        raise
    return run.result
