"""Recovery: the newest good checkpoint, then the log behind it. It always ends with a state, and with an account of it.

1. Read every manifest; set damaged ones aside.
2. The structure comes from the newest manifest whose structure snapshot is whole.
3. Every pane comes from the newest manifest in which its parts are whole: one bad pane never costs the others.
4. Replay the log from the oldest of these points on, through the same `apply` as live work.
5. Say what is missing: log records from their numbers, output from the offsets in each pane's own count.

Only data of another version, or of another user, stops a start; nothing is touched then.
"""

import contextlib
from collections.abc import Callable
from typing import NamedTuple

from fuguemux.keeper.lock_file import LOG_DIRECTORY
from fuguemux.model.ids import PaneId
from fuguemux.model.invariants import violations
from fuguemux.model.state import ServerState
from fuguemux.model.window_size import pane_sizes
from fuguemux.persistence.checkpoint.manifest import (
    Manifest,
    StoredPane,
    manifest_name,
    place_of,
)
from fuguemux.persistence.checkpoint.retention import FoundManifests
from fuguemux.persistence.checkpoint.saves import SAVES, find_all, kept_from_us, pack_paths
from fuguemux.persistence.recovery.aside import CHECKPOINTS as CHECKPOINTS
from fuguemux.persistence.recovery.aside import Aside
from fuguemux.persistence.recovery.helper_files import BOOT_FILE
from fuguemux.persistence.recovery.log_account import tell_log
from fuguemux.persistence.recovery.log_missing import tell_end
from fuguemux.persistence.recovery.orphans import taken_out
from fuguemux.persistence.recovery.ownership import refuse_what_is_not_ours
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.recovery.point_in_time import TargetMoment, reached_from, unreachable
from fuguemux.persistence.recovery.preserved import BEFORE_RECOVERY as BEFORE_RECOVERY
from fuguemux.persistence.recovery.preserved import look_at_saves, preserve
from fuguemux.persistence.recovery.replay import SIZE_DEFAULT, OlderState, Replay
from fuguemux.persistence.recovery.soundness import made_sound
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
from fuguemux.persistence.report.report import Damage, PaneReport, RecoveryReport
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import EntryKind, PackDamaged
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.scrollback.scrollback_check import read_at_start
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.serialization import PayloadDamaged, decode_state
from fuguemux.persistence.storage.withholding import without_withheld
from fuguemux.persistence.wal.chain import store_ids
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.mark_copy import furthest
from fuguemux.persistence.wal.quarantine import SetAside
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
    """For the writer, which goes on behind it."""
    next_lsn: int
    clean: bool
    store_id: bytes
    generations: list[Manifest]
    saves: list[Manifest]
    highest_number: int
    stored: dict[PaneId, StoredPane]
    """Panes of which the checkpoint's parts can be used again, for the next one."""
    orphans: dict[PaneId, RecoveredPane]
    """Output that no event gives a place: if such a pane's process still runs, it gets both back."""


class _Base(NamedTuple):
    """A checkpoint to start from."""

    manifest: Manifest | None
    state: ServerState
    structure_lsn: int


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

    With `at` it is as it was at that moment, and nothing is written either; raises NotReachable. `beside`: what the copy of the
    watermark outside of the directory says.

    Raises ManifestUnsupported, UnsupportedLog or VersionUnknown for data of another version of fugue, NotOurs for files
    of another user, and OSError if the state directory itself cannot be used.
    """
    started = monotonic()
    recovery = _Recovery(storage, directory, read_only or at is not None, now_ms(), at)
    recovered = recovery.run(new_store_id, beside)
    recovered.report.duration_ms = (monotonic() - started) * 1000
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
        self._checkpoints = f"{directory}/{CHECKPOINTS}"
        self._wal = f"{directory}/{LOG_DIRECTORY}"
        self._reader = PackReader(storage, self._checkpoints)
        self._store = ScrollbackStore(self._reader)
        self._report = RecoveryReport(started_ms=now_ms, told=False)
        self._aside = Aside(storage, directory, self._report, read_only=read_only)
        self._loader = PaneLoader(self._reader, self._store, self._aside.damaged)
        self._orphans: dict[PaneId, RecoveredPane] = {}
        self._said = Said(None, "")

    def run(self, new_store_id: bytes, beside: Mark | None) -> Recovered:
        self._prepare()
        watermark = read_watermark(self._storage, self._directory)  # before the log, which goes on
        if not self._read_only:
            make_directories(self._storage, self._directory)
        found = self._find()
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
        base = self._base(found)
        panes = self._panes(base, found)
        needed = self._needed_lsn(base, panes)
        older = self._older_state(base, found, needed)
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
            # The log ends before the checkpoint. No number may be given twice.
            log = scan(self._storage, self._wal, floor + 1, store_id=store_id, mark=read.mark)
            log.finish()
        if self._at is None:
            place, covered = (self._storage, self._directory), base.structure_lsn
            moved = self._aside.watermark(store_id)
            tell_end(place, self._report, read, watermark, found.manifests, covered, moved)
        self._tell(base, replay, read, start, self._aside.segments(read))
        state = self._finished(replay)
        if self._at is None:
            self._aside.longer_packs(found)
            self._aside.unknown_packs(found)
            read_at_start(self._store, self._report, None if self._read_only else self._storage)
        if not self._report.complete and not self._read_only:
            preserve(self._storage, self._checkpoints, self._report, found)
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
        """See that everything can be read; what is no directory in the place of one is moved, and then missing."""
        storage, directory, now_ms = self._storage, self._directory, self._report.started_ms
        wrong = [] if self._read_only else no_directories(storage, directory)
        refuse_what_is_not_ours(storage, directory)
        if not self._read_only:
            self._report.notes += move_no_directories(storage, directory, wrong, now_ms)
        self._tell_missing()

    def _tell_missing(self) -> None:
        """A store that has an id had both directories when it got it."""
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
                self._report.missing.append(f"the directory {part} is gone, and with it {lost}")
            except OSError:
                continue  # whoever needs it says so

    def _replay_up_to(
        self, at: TargetMoment, replay: Replay, log: LogScan, start: int, base: _Base
    ) -> None:
        """Replay the log up to a moment, as far as it still begins where the checkpoint ends."""
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
            self._report.notes.append(
                f"the log behind checkpoint {manifest.number} is not kept: this is the state of that checkpoint"
            )
        # What is missing of the log before or behind the moment does not matter to it.
        log.report.lost = [lost for lost in log.report.lost if lost.first_lsn <= reached]

    def _needed_lsn(self, base: _Base, panes: dict[PaneId, RecoveredPane]) -> int:
        """Every record above this one is needed."""
        if base.manifest is None:
            return 0
        loaded = [pane.lsn for pane in panes.values() if pane.lsn]
        return min([base.manifest.wal_start_lsn, base.structure_lsn, *loaded])

    def _older_state(self, base: _Base, found: FoundManifests, lsn: int) -> OlderState | None:
        """The newest state that is as old as `lsn`, unless the base is; None if there is none."""
        if base.manifest is None or lsn >= base.structure_lsn:
            return None
        known = [(m.structure_lsn, m, m.structure) for m in found.manifests]
        known += [(m.held_lsn, m, m.held) for m in found.manifests if m.held is not None]
        for at, manifest, entry in sorted(known, key=lambda each: each[0], reverse=True):
            if at <= lsn:
                with contextlib.suppress(PackDamaged, PayloadDamaged):
                    place = place_of(manifest, entry)
                    payload = self._reader.payload(place, EntryKind.STRUCTURE, 0)
                    return OlderState(decode_state(payload), at)
        return OlderState(ServerState(), 0) if lsn == 0 else None

    # -- which store, which checkpoints -------------------------------------------------------

    def _find(self) -> FoundManifests:
        name = self._at.name if self._at is not None else ""
        found = find_all(self._storage, self._directory, name)
        self._reader.paths = pack_paths(found, self._directory)
        for name, reason in found.damaged:
            self._aside.damaged(name, reason, aside=name)
        kept = kept_from_us(self._storage, found, self._directory)
        for name, reason in kept.items():
            where = f"{SAVES}/{name}".rstrip("/")
            self._report.notes.append(f"{where}: {reason}; it is left as it is")
        for name, reason in found.damaged_saves:
            if name not in kept:
                self._aside.damaged(f"{SAVES}/{name}".rstrip("/"), reason)
        return found

    def _identity(self, found: FoundManifests, new: bytes) -> Identity:
        """Which store this is; what is wrong with the file that says so is noted."""
        self._said = read_store_file(self._storage, self._directory)
        manifests = [manifest.store_id for manifest in (*found.manifests, *found.saves)]
        segments = store_ids(self._storage, f"{self._directory}/{LOG_DIRECTORY}")
        identity = decided(self._said, manifests, segments, new)
        if identity.note:
            self._report.notes.append(identity.note)
        return identity

    def _keep_store_id(self, store_id: bytes) -> None:
        if self._read_only or (self._said.store_id == store_id and self._said.current):
            return
        try:
            if self._said.damaged:  # it may be another file of the state
                self._aside.stray(STORE_FILE)
            write_store_file(self._storage, self._directory, store_id)
        except OSError as error:  # the files themselves say it, too
            self._report.notes.append(f"STORE could not be written: {error.strerror or error}")

    def _base(self, found: FoundManifests) -> _Base:
        """The newest checkpoint whose structure is whole."""
        for manifest in list(found.manifests):
            self._report.checkpoints_tried += 1
            place = place_of(manifest, manifest.structure)
            try:
                state = decode_state(self._reader.payload(place, EntryKind.STRUCTURE, 0))
            except (PackDamaged, PayloadDamaged) as error:
                what = f"structure of checkpoint {manifest.number}"
                self._aside.damaged(what, str(error), aside=manifest_name(manifest.number))
                found.manifests.remove(manifest)
                continue
            self._report.checkpoint = manifest.number
            self._report.checkpoint_ms = manifest.created_ms
            self._report.checkpoint_reason = manifest.reason
            what = f"what checkpoint {manifest.number} was made from"
            self._report.damages += [Damage(what, missing) for missing in manifest.missing]
            return _Base(manifest, state, manifest.structure_lsn)
        if found.manifests or found.damaged:
            self._report.notes.append("no checkpoint is whole: the state comes from the log alone")
        return _Base(None, ServerState(), 0)

    # -- panes --------------------------------------------------------------------------------

    def _panes(self, base: _Base, found: FoundManifests) -> dict[PaneId, RecoveredPane]:
        """Every pane that the base checkpoint knows, each from the newest place where it is whole."""
        if base.manifest is None:
            return {}
        older = [m for m in found.manifests if m.number < base.manifest.number]
        panes: dict[PaneId, RecoveredPane] = {}
        sizes: dict[PaneId, tuple[int, int]] = {}
        for window in base.state.windows.values():
            sizes |= pane_sizes(window)
        for entry in base.manifest.panes:
            if entry.pane in base.state.panes:
                panes[entry.pane] = self._loader.load(entry, base.manifest, older)
        for pane in base.state.panes:
            if pane not in panes:
                # It had nothing to be stored, or no terminal yet: all that the log has of it counts.
                found_pane = RecoveredPane(pane, *sizes.get(pane, SIZE_DEFAULT))
                found_pane.hold_lsn = base.manifest.wal_start_lsn + 1
                panes[pane] = found_pane
        return panes

    # -- the account --------------------------------------------------------------------------

    def _tell(
        self, base: _Base, replay: Replay, log: LogScan, start: int, aside: list[SetAside]
    ) -> None:
        report, found = self._report, log.report
        report.replay_from_lsn = start
        report.replay_to_lsn = found.last_lsn
        report.records_replayed = replay.records
        report.events_applied = replay.events_applied
        report.events_skipped = replay.events_skipped
        report.output_bytes_replayed = replay.output_bytes
        report.last_record_ms = replay.last_ms
        tell_log(report, found, base.structure_lsn, aside)
        report.damages += replay.damages
        readable = base.manifest is not None or found.segments
        fresh = not (readable or report.damages or report.missing or aside)
        report.clean = found.clean
        report.cause = (
            "first start" if fresh else ("clean stop" if found.clean else "no clean stop")
        )

    def _finished(self, replay: Replay) -> ServerState:
        """The final state, made sound if losses left it unsound, with a report for each of its panes."""
        report = self._report
        state = replay.state
        broken = list(violations(state))
        if broken:
            report.notes += [f"put right: {what}" for what in broken]
            state = made_sound(state)
        state, report.withheld = without_withheld(state)
        sizes: dict[PaneId, tuple[int, int]] = {}
        for window in state.windows.values():
            sizes |= pane_sizes(window)
        state, self._orphans = taken_out(replay.panes, state, self._store, report)
        for pane in state.panes:
            if pane not in replay.panes:
                replay.panes[pane] = RecoveredPane(pane, *sizes.get(pane, SIZE_DEFAULT))
        names = {
            link.window: (session.name, link.index)
            for session in state.sessions.values()
            for link in session.links
        }
        for number, recovered in sorted(replay.panes.items()):
            session, index = names.get(state.panes[number].window, ("", 0))
            report.panes.append(
                PaneReport(
                    number,
                    session=session,
                    window=index,
                    reason=recovered.problem,
                    replayed_bytes=recovered.output_bytes,
                    scrollback_lines=len(self._store.pane(number)),
                    lost_bytes=recovered.lost_bytes,
                    lost_lines=recovered.lost_lines(),
                    lost_from=recovered.lost_from,
                    lost_to=recovered.lost_to,
                    lost_before_ms=recovered.lost_before_ms,
                    lost_since_ms=recovered.lost_since_ms,
                )
            )
        return state
