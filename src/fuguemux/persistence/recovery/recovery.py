"""Recovery: the newest good checkpoint, then the log behind it. It always ends with a state, and with a report on it.

1. Read every manifest; set damaged ones aside.
2. The structure comes from the newest manifest whose structure snapshot is whole.
3. Every pane comes from the newest manifest in which its parts are whole: damage to one pane never affects another.
4. Replay the log from the oldest of these points on, with the same `apply` that a running server uses.
5. Report what is missing: log records by their LSNs, output by the offsets that each pane counts.

Only data of another version or of another user stop a start; nothing is changed then.
"""

from collections.abc import Callable
from typing import NamedTuple

from fuguemux.keeper.lock_file import LOG_DIRECTORY
from fuguemux.model.ids import PaneId
from fuguemux.model.invariants import violations
from fuguemux.model.pane_places import pane_sizes
from fuguemux.model.state import ServerState
from fuguemux.persistence.checkpoint.manifest import (
    Manifest,
    StoredPane,
)
from fuguemux.persistence.checkpoint.retention import FoundManifests
from fuguemux.persistence.recovery.account import tell_panes, tell_replay
from fuguemux.persistence.recovery.aside import CHECKPOINTS as CHECKPOINTS
from fuguemux.persistence.recovery.aside import Aside
from fuguemux.persistence.recovery.helper_files import BOOT_FILE
from fuguemux.persistence.recovery.log_missing import tell_end
from fuguemux.persistence.recovery.orphans import taken_out
from fuguemux.persistence.recovery.ownership import refuse_what_is_not_ours
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.recovery.point_in_time import TargetMoment, reached_from, unreachable
from fuguemux.persistence.recovery.preserved import BEFORE_RECOVERY as BEFORE_RECOVERY
from fuguemux.persistence.recovery.preserved import look_at_saves, preserve
from fuguemux.persistence.recovery.replay import SIZE_DEFAULT, Replay
from fuguemux.persistence.recovery.soundness import made_sound
from fuguemux.persistence.recovery.starting_point import Checkpoints, StartingPoint
from fuguemux.persistence.recovery.state_directories import RECOVERIES as RECOVERIES
from fuguemux.persistence.recovery.state_directories import (
    make_directories,
    move_no_directories,
    no_directories,
)
from fuguemux.persistence.recovery.store_identity import (
    STORE_FILE,
    Identity,
    Said,
    decided,
    read_store_file,
    write_store_file,
)
from fuguemux.persistence.recovery.stored_panes import PaneLoader
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.scrollback.scrollback_check import read_at_start
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.withholding import without_withheld
from fuguemux.persistence.wal.chain import store_ids
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.mark_copy import furthest
from fuguemux.persistence.wal.reader import LogScan, scan
from fuguemux.persistence.wal.watermark import read_watermark


class Recovered(NamedTuple):
    """What a server starts from."""

    state: ServerState
    panes: dict[PaneId, RecoveredPane]
    """Every pane of the state."""
    store: ScrollbackStore
    report: RecoveryReport
    log: LogScan
    """For the writer, which continues behind it."""
    next_lsn: int
    clean: bool
    store_id: bytes
    generations: list[Manifest]
    saves: list[Manifest]
    highest_number: int
    stored: dict[PaneId, StoredPane]
    """Panes whose parts in the checkpoint can be used again by the next one."""
    orphans: dict[PaneId, RecoveredPane]
    """Panes that have output but no place in the state. If such a pane's process still runs, it gets a place and the output."""


def recover(
    storage: Storage,
    directory: str,
    *,
    now_ms: Callable[[], int],
    monotonic: Callable[[], float],
    new_store_id: bytes,
    read_only: bool = False,
    at: TargetMoment | None = None,
    beside: Mark | None = None,
) -> Recovered:
    """Read everything back. Blocks; with `read_only` nothing is written, moved or created.

    `at` asks for the state as it was at that moment; nothing is written then either. Raises NotReachable. `beside` is what the
    copy of the watermark outside the directory says.

    Raises ManifestUnsupported, UnsupportedLog or VersionUnknown for data of another version of fugue, NotOurs for files
    of another user, and OSError if the state directory itself cannot be used.
    """
    started = monotonic()
    recovery = _Recovery(storage, directory, read_only or at is not None, now_ms(), at)
    recovered = recovery.run(new_store_id, beside)
    recovered.report.took((monotonic() - started) * 1000)
    return recovered


class _Recovery:
    """One recovery, step by step."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        read_only: bool,
        now_ms: int,
        at: TargetMoment | None = None,
    ) -> None:
        self._at = at
        self._storage = storage
        self._directory = directory
        self._read_only = read_only
        self._wal = f"{directory}/{LOG_DIRECTORY}"
        self._reader = PackReader(storage, f"{directory}/{CHECKPOINTS}")
        self._store = ScrollbackStore(self._reader)
        self._report = RecoveryReport(started_ms=now_ms, told=False)
        self._aside = Aside(storage, directory, self._report, read_only=read_only)
        self._checkpoints = Checkpoints(storage, directory, self._reader, self._report, self._aside)
        self._loader = PaneLoader(self._reader, self._store, self._aside.damaged)
        self._orphans: dict[PaneId, RecoveredPane] = {}
        self._said = Said(None, "")

    def run(self, new_store_id: bytes, beside: Mark | None) -> Recovered:
        self._prepare()
        # before the log: a running server appends to it
        watermark = read_watermark(self._storage, self._directory)
        if not self._read_only:
            make_directories(self._storage, self._directory)
        found = self._checkpoints.find(self._at.name if self._at is not None else "")
        identity = self._identity(found, new_store_id)
        store_id = identity.store_id
        known = store_id if identity.certain else None
        watermark = furthest(watermark, beside, known)
        if self._at is None or self._at.name not in found.own:
            found = self._aside.of_this_store(found, store_id)
        if self._at is not None:
            found = reached_from(found, self._at)
        else:
            look_at_saves((self._storage, self._directory), found, self._aside)
        base = self._checkpoints.starting_point(found)
        panes = self._panes(base, found)
        needed = self._needed_lsn(base, panes)
        older = self._checkpoints.older_state(base, found, needed)
        replay = Replay(base.state, base.structure_lsn, panes, older)
        start = min(needed, older.lsn if older is not None else needed) + 1
        log = scan(self._storage, self._wal, start, store_id=known, mark=watermark.mark)
        if self._at is None:
            for record in log.records():
                replay.take(record)
        else:
            self._replay_up_to(self._at, replay, log, start, base)
        store_id = known or log.report.store_id or store_id
        log.report.store_id = store_id  # an empty log is given the store's id by its writer
        self._keep_store_id(store_id)
        floor = max(
            [base.structure_lsn, *(p.lsn for p in panes.values())]
            + [manifest.next_lsn - 1 for manifest in found.manifests]
        )
        read = log
        if log.report.last_lsn < floor and self._at is None:
            # The log ends before the checkpoint. No LSN may be given twice.
            log = scan(self._storage, self._wal, floor + 1, store_id=store_id, mark=read.mark)
            log.finish()
        if self._at is None:
            place, covered = (self._storage, self._directory), base.structure_lsn
            moved = self._aside.watermark(store_id)
            tell_end(place, self._report, read, watermark, found.manifests, covered, moved)
        tell_replay(self._report, base, replay, read, start, self._aside.segments(read))
        state = self._finished(replay)
        if self._at is None:
            self._aside.longer_packs(found)
            self._aside.unknown_packs(found)
            read_at_start(self._store, self._report, None if self._read_only else self._storage)
        if not self._report.complete and not self._read_only:
            preserve(self._storage, f"{self._directory}/{CHECKPOINTS}", self._report, found)
        return Recovered(
            state,
            panes,
            self._store,
            self._report,
            log,
            max(log.report.last_lsn, floor) + 1,
            self._report.clean,
            store_id,
            found.manifests,
            found.saves,
            found.highest_number,
            {pane: stored for pane, stored in self._loader.stored.items() if pane in state.panes},
            self._orphans,
        )

    def _prepare(self) -> None:
        """Check that everything can be read. Move a file in the place of a directory away, so that the directory is missing."""
        storage, directory, now_ms = self._storage, self._directory, self._report.started_ms
        wrong = [] if self._read_only else no_directories(storage, directory)
        refuse_what_is_not_ours(storage, directory)
        if not self._read_only:
            self._report.remark(*move_no_directories(storage, directory, wrong, now_ms))
        self._tell_missing()

    def _tell_missing(self) -> None:
        """Report a directory that is gone: a store had both directories when it got its id."""
        if not any(self._storage.exists(f"{self._directory}/{n}") for n in (STORE_FILE, BOOT_FILE)):
            return
        parts = (
            (LOG_DIRECTORY, "what changed since the last checkpoint"),
            (CHECKPOINTS, "what they held"),
        )
        for part, lost in parts:
            try:
                self._storage.list(f"{self._directory}/{part}")
            except (FileNotFoundError, NotADirectoryError):
                self._report.miss(f"the directory {part} is gone, and with it {lost}")
            except OSError:
                continue  # the part that needs it reports it

    def _replay_up_to(
        self, at: TargetMoment, replay: Replay, log: LogScan, start: int, base: StartingPoint
    ) -> None:
        """Replay the log up to a moment, if the log still begins where the checkpoint ends."""
        first = reached = 0
        for record in log.records():
            first = first or record.lsn
            if first <= start and not at.before(record):
                replay.take(record)
                reached = record.lsn
        manifest = base.manifest
        if manifest is None and (not reached or first > start):
            raise unreachable(at, self._report.damages)
        if manifest is not None and first > start and not at.name:
            self._report.remark(
                f"the log behind checkpoint {manifest.number} is not kept: this is the state of that checkpoint"
            )
        # Losses before the replayed records or behind the moment do not concern this state.
        log.report.lost = [lost for lost in log.report.lost if lost.first_lsn <= reached]

    def _needed_lsn(self, base: StartingPoint, panes: dict[PaneId, RecoveredPane]) -> int:
        """The LSN above which every record is needed."""
        if base.manifest is None:
            return 0
        loaded = [pane.lsn for pane in panes.values() if pane.lsn]
        return min([base.manifest.wal_start_lsn, base.structure_lsn, *loaded])

    # -- which store --------------------------------------------------------------------------

    def _identity(self, found: FoundManifests, new: bytes) -> Identity:
        """Which store this is. If something is wrong with the file STORE, the report says so."""
        self._said = read_store_file(self._storage, self._directory)
        manifests = [manifest.store_id for manifest in (*found.manifests, *found.saves)]
        segments = store_ids(self._storage, f"{self._directory}/{LOG_DIRECTORY}")
        identity = decided(self._said, manifests, segments, new)
        if identity.note:
            self._report.remark(identity.note)
        return identity

    def _keep_store_id(self, store_id: bytes) -> None:
        if self._read_only or (self._said.store_id == store_id and self._said.current):
            return
        try:
            if self._said.damaged:  # it may be another file of the state, swapped with this one
                self._aside.stray(STORE_FILE)
            write_store_file(self._storage, self._directory, store_id)
        except OSError as error:  # manifests and segments contain the id as well
            self._report.remark(f"STORE could not be written: {error.strerror or error}")

    # -- panes --------------------------------------------------------------------------------

    def _panes(self, base: StartingPoint, found: FoundManifests) -> dict[PaneId, RecoveredPane]:
        """Every pane that the base checkpoint knows, each from the newest place where it is whole."""
        if base.manifest is None:
            return {}
        older = [m for m in found.manifests if m.number < base.manifest.number]
        panes: dict[PaneId, RecoveredPane] = {}
        sizes: dict[PaneId, tuple[int, int]] = {}
        for window in base.state.windows.values():
            sizes |= pane_sizes(base.state, window)
        for entry in base.manifest.panes:
            if entry.pane in base.state.panes:
                panes[entry.pane] = self._loader.load(entry, base.manifest, older)
        for pane in base.state.panes:
            if pane not in panes:
                # It had nothing to store, or no terminal yet: everything that the log has of it is needed.
                found_pane = RecoveredPane(pane, *sizes.get(pane, SIZE_DEFAULT))
                found_pane.hold_lsn = base.manifest.wal_start_lsn + 1
                panes[pane] = found_pane
        return panes

    def _finished(self, replay: Replay) -> ServerState:
        """The final state, made sound if losses left it unsound. The report gets a line for each of its panes."""
        report = self._report
        state = replay.state
        broken = list(violations(state))
        if broken:
            report.remark(*(f"put right: {what}" for what in broken))
            state = made_sound(state)
        state, withheld = without_withheld(state)
        report.withhold(withheld)
        sizes: dict[PaneId, tuple[int, int]] = {}
        for window in state.windows.values():
            sizes |= pane_sizes(state, window)
        state, self._orphans = taken_out(replay.panes, state, self._store, report)
        for pane in state.panes:
            if pane not in replay.panes:
                replay.panes[pane] = RecoveredPane(pane, *sizes.get(pane, SIZE_DEFAULT))
        tell_panes(report, state, replay.panes, self._store)
        return state
