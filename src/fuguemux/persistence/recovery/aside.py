"""Moves files that a recovery does not understand to the quarantine, and reports them."""

import contextlib

from fuguemux.keeper.lock_file import LOG_DIRECTORY
from fuguemux.persistence.checkpoint.manifest import manifest_name, save_name
from fuguemux.persistence.checkpoint.retention import FoundManifests, unknown_packs
from fuguemux.persistence.checkpoint.save_check import CHECKPOINTS as CHECKPOINTS
from fuguemux.persistence.checkpoint.save_check import note
from fuguemux.persistence.report.parts import Damage, counted
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.packs import pack_name
from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.storage.set_aside import QUARANTINE, set_aside
from fuguemux.persistence.wal.quarantine import SetAside, quarantine
from fuguemux.persistence.wal.reader import LogScan
from fuguemux.persistence.wal.watermark import WATERMARK, is_in_the_way


class Aside:
    """The quarantine of one recovery. With `read_only` everything stays where it is. Nothing raises."""

    def __init__(
        self, storage: Storage, directory: str, report: RecoveryReport, *, read_only: bool
    ) -> None:
        self._storage = storage
        self._directory = directory
        self._report = report
        self.read_only = read_only

    def damaged(self, what: str, detail: str, *, aside: str = "") -> None:
        """Report a damage, once, and move the file `aside` of the checkpoints."""
        if any(damage.what == what for damage in self._report.damages):
            return
        target = ""
        if aside and not self.read_only:
            with contextlib.suppress(OSError):
                target = f"{QUARANTINE}/{self._moved(f'{CHECKPOINTS}/{aside}')}"
        self._report.damaged(Damage(what, detail, target))

    def stray(self, name: str) -> None:
        """Move a file of the state directory that is to be written again, and report it. Raises OSError."""
        self._report.remark(f"{name}: it is set aside as {QUARANTINE}/{self._moved(name)}")

    def watermark(self, store_id: bytes) -> str:
        """Move a file in the watermark's place that does not belong to this store. Returns what happened to it, for the
        report, or an empty text.
        """
        if not is_in_the_way(self._storage, self._directory, store_id):
            return ""
        if self.read_only:
            return f"a start sets it aside in {QUARANTINE}"
        try:
            return f"it is set aside as {QUARANTINE}/{self._moved(WATERMARK)}"
        except OSError as error:
            return f"it could not be set aside: {reason_of(error)}"

    def of_this_store(self, found: FoundManifests, store_id: bytes) -> FoundManifests:
        """Return the part of `found` that belongs to the store, and move the rest."""
        strangers = "it belongs to another store and was not used"
        for manifest in found.manifests:
            if manifest.store_id != store_id:
                name = manifest_name(manifest.number)
                self.damaged(f"checkpoint {manifest.number}", strangers, aside=name)
        for save in found.saves:
            if save.store_id != store_id:
                self.damaged(f"save {save.name}", strangers, aside=save_name(save.name))
                if save.name not in found.own and not self.read_only:
                    note(self._storage, self._directory, remove=[save.name])
        ours = [manifest for manifest in found.manifests if manifest.store_id == store_id]
        saves = [manifest for manifest in found.saves if manifest.store_id == store_id]
        return found._replace(manifests=ours, saves=saves)

    def unknown_packs(self, found: FoundManifests) -> None:
        """Move packs that no readable manifest names, because an unreadable manifest may need them."""
        if self.read_only:
            return
        manifests = (*found.manifests, *found.saves)
        try:
            unknown = unknown_packs(self._storage, f"{self._directory}/{CHECKPOINTS}", manifests)
        except OSError:
            return  # the part that needs the directory reports it
        moved = 0
        for name in unknown:
            with contextlib.suppress(OSError):
                self._moved(f"{CHECKPOINTS}/{name}")
                moved += 1
        if unknown:
            packs = counted(len(unknown), "pack")
            where = (
                f"moved to {QUARANTINE}"
                if moved == len(unknown)
                else f"{moved or 'none'} moved to {QUARANTINE}, the others could not be moved"
            )
            self._report.remark(f"{packs} that no readable checkpoint names: {where}")

    def longer_packs(self, found: FoundManifests) -> None:
        """Report packs that have more bytes than were written. Nothing is lost: entries are read by their places."""
        sizes: dict[str, int] = {}
        for manifest in (*found.manifests, *(s for s in found.saves if s.name not in found.own)):
            sizes |= {pack_name(pack.digest): pack.size_bytes for pack in manifest.packs}
        for name, written in sorted(sizes.items()):
            with contextlib.suppress(OSError):  # the part that needs it reports it
                file = self._storage.open(f"{self._directory}/{CHECKPOINTS}/{name}")
                try:
                    size = self._storage.size(file)
                finally:
                    self._storage.close(file)
                if size > written:
                    self._report.remark(
                        f"{name} has {size} bytes instead of {written}: the bytes after them are not read"
                    )

    def segments(self, log: LogScan) -> list[SetAside]:
        """Copy damaged segments, and move files that are not part of the log, before the writer cleans up."""
        if self.read_only:
            return []
        place = f"{self._directory}/{QUARANTINE}"
        return quarantine(self._storage, f"{self._directory}/{LOG_DIRECTORY}", place, log.report)

    def _moved(self, name: str) -> str:
        """Move a file of the state directory. Returns its name in the quarantine. Raises OSError."""
        place, label = f"{self._directory}/{QUARANTINE}", f"{self._report.started_ms}-"
        return set_aside(self._storage, f"{self._directory}/{name}", place, label)
