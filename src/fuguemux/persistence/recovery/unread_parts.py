"""Describes what cannot be read of a past moment, in sentences for the user who restores it, and checks saves quickly.
Blocks.
"""

from collections.abc import Iterable

from fuguemux.persistence.checkpoint.manifest import Manifest, place_of, stored_pane
from fuguemux.persistence.checkpoint.retention import FoundManifests
from fuguemux.persistence.checkpoint.saves import CHECKPOINTS, pack_paths
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import EntryKind, PackDamaged
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.scrollback.scrollback_check import on_disk, read
from fuguemux.persistence.storage.files import Storage


def read_everything(store: ScrollbackStore) -> None:
    """Read every block, so that `unread` knows everything that cannot be read."""
    for _ in read(store, on_disk(store)):
        pass


def unread(panes: Iterable[RecoveredPane], store: ScrollbackStore) -> list[str]:
    """One sentence for each screen and scrollback that could not be read so far. Empty if all could."""
    sentences = []
    for pane in panes:
        if pane.problem:
            parts = " and ".join(pane.unread) or "a part"
            sentences.append(f"%{pane.pane}: {parts} could not be read: {pane.problem}")
        losses = [loss for loss in store.losses.noted if loss.pane == pane.pane]
        if losses:
            lines = counted(sum(loss.lines for loss in losses), "line")
            size = counted(sum(loss.size_bytes for loss in losses), "byte")
            reason = losses[0].reason
            sentences.append(
                f"%{pane.pane}: {lines} of scrollback ({size} stored) could not be read: {reason}"
            )
    return sentences


def damaged_saves(storage: Storage, directory: str, found: FoundManifests) -> dict[str, str]:
    """Saves and closed sessions of which more than scrollback cannot be read, by name, and why.

    Reads their structure, screens and indexes, but not the blocks, which `save_reading.damaged` reads.
    """
    reader = PackReader(storage, f"{directory}/{CHECKPOINTS}")
    bad: dict[str, str] = {}
    try:
        for save in found.saves:
            reader.paths = pack_paths(found._replace(manifests=[], saves=[save]), directory)
            try:
                _read_parts(reader, save)
            except PackDamaged as error:
                bad[save.name] = str(error)
            for pack in save.packs:
                reader.forget(pack.digest)
    finally:
        reader.close()
    return bad


def _read_parts(reader: PackReader, save: Manifest) -> None:
    reader.payload(place_of(save, save.structure), EntryKind.STRUCTURE, 0)
    for entry in save.panes:
        stored = stored_pane(save, entry)
        reader.payload(stored.screen, EntryKind.SCREEN, entry.pane)
        if stored.scrollback is not None:
            reader.payload(stored.scrollback, EntryKind.INDEX, entry.pane)
