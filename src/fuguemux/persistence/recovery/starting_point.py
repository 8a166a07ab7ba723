"""Finds where a recovery starts: the checkpoints and saves that exist, and the newest one whose structure is whole."""

import contextlib
from typing import NamedTuple

from fuguemux.model.state import ServerState
from fuguemux.persistence.checkpoint.manifest import Manifest, manifest_name, place_of
from fuguemux.persistence.checkpoint.retention import FoundManifests
from fuguemux.persistence.checkpoint.saves import SAVES, find_all, kept_from_us, pack_paths
from fuguemux.persistence.recovery.aside import Aside
from fuguemux.persistence.recovery.replay import OlderState
from fuguemux.persistence.report.parts import Damage
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import EntryKind, PackDamaged
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.serialization import PayloadDamaged, decode_state


class StartingPoint(NamedTuple):
    """The checkpoint to start from, and its structure. If there is none, `manifest` is None, and the log has to provide
    everything.
    """

    manifest: Manifest | None
    state: ServerState
    structure_lsn: int


class Checkpoints:
    """The checkpoints of one state directory. Damaged ones are reported and set aside. Every method blocks."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        reader: PackReader,
        report: RecoveryReport,
        aside: Aside,
    ) -> None:
        self._storage = storage
        self._directory = directory
        self._reader = reader
        self._report = report
        self._aside = aside

    def find(self, save: str) -> FoundManifests:
        """Read every manifest. `save` is the name of a save to start from, empty for none. Raises OSError."""
        found = find_all(self._storage, self._directory, save)
        self._reader.paths = pack_paths(found, self._directory)
        for name, reason in found.damaged:
            self._aside.damaged(name, reason, aside=name)
        kept = kept_from_us(self._storage, found, self._directory)
        for name, reason in kept.items():
            where = f"{SAVES}/{name}".rstrip("/")
            self._report.remark(f"{where}: {reason}; it is left as it is")
        for name, reason in found.damaged_saves:
            if name not in kept:
                self._aside.damaged(f"{SAVES}/{name}".rstrip("/"), reason)
        return found

    def starting_point(self, found: FoundManifests) -> StartingPoint:
        """The newest checkpoint whose structure is whole. Newer ones are removed from `found`."""
        for manifest in list(found.manifests):
            self._report.tried_checkpoint()
            try:
                state = self._structure(manifest)
            except (PackDamaged, PayloadDamaged) as error:
                what = f"structure of checkpoint {manifest.number}"
                self._aside.damaged(what, str(error), aside=manifest_name(manifest.number))
                found.manifests.remove(manifest)
                continue
            self._report.begin_from(manifest.number, manifest.created_ms, manifest.reason)
            what = f"what checkpoint {manifest.number} was made from"
            self._report.damaged(*(Damage(what, missing) for missing in manifest.missing))
            return StartingPoint(manifest, state, manifest.structure_lsn)
        if found.manifests or found.damaged:
            self._report.remark("no checkpoint is whole: the state comes from the log alone")
        return StartingPoint(None, ServerState(), 0)

    def older_state(
        self, start: StartingPoint, found: FoundManifests, lsn: int
    ) -> OlderState | None:
        """The newest stored state that is not newer than `lsn`. None if `start` is not newer either, or there is no such
        state.
        """
        if start.manifest is None or lsn >= start.structure_lsn:
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

    def _structure(self, manifest: Manifest) -> ServerState:
        """Return the structure of a manifest. Raises PackDamaged and PayloadDamaged."""
        place = place_of(manifest, manifest.structure)
        return decode_state(self._reader.payload(place, EntryKind.STRUCTURE, 0))
