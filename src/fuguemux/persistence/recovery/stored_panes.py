"""Loads panes from checkpoints: each from the newest one in which it is whole, or what remains of one that is whole
nowhere.
"""

import contextlib
from collections.abc import Callable, Iterable

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.manifest import Manifest, PaneEntry, StoredPane, stored_pane
from fuguemux.persistence.checkpoint.pane_files import HERE, StoredScreen
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import EntryKind, PackDamaged
from fuguemux.persistence.scrollback.scrollback import Index, ScrollbackStore, decode_index


class PaneLoader:
    """Loads panes. Their scrollback goes to the store."""

    def __init__(
        self, reader: PackReader, store: ScrollbackStore, damaged: Callable[[str, str], None]
    ) -> None:
        """`damaged` is called with what is damaged, and how."""
        self.stored: dict[PaneId, StoredPane] = {}
        """Panes that are whole, as they are stored."""
        self._reader = reader
        self._store = store
        self._damaged = damaged

    def load(
        self, entry: PaneEntry, manifest: Manifest, older: Iterable[Manifest]
    ) -> RecoveredPane:
        """Return the pane of an entry, if necessary from one of the `older` manifests (newest first)."""
        try:
            return self._loaded(stored_pane(manifest, entry), entry.pane)
        except PackDamaged as error:
            reason = str(error)
            self._damaged(f"%{entry.pane} in checkpoint {manifest.number}", reason)
        for candidate in older:
            again = next((e for e in candidate.panes if e.pane == entry.pane), None)
            if again is not None:
                with contextlib.suppress(PackDamaged):
                    return self._loaded(stored_pane(candidate, again), entry.pane)
        return self._remains(stored_pane(manifest, entry), entry.pane, reason)

    def _loaded(self, stored: StoredPane, pane: PaneId) -> RecoveredPane:
        """Return the pane as stored. Raises PackDamaged, with nothing done."""
        screen = self._screen(stored, pane)
        index = self._index(stored, pane)
        recovered = RecoveredPane(pane, stored.columns, stored.rows)
        recovered.screen = screen
        self._fill(recovered, stored, index)
        self.stored[pane] = stored
        return recovered

    def _fill(self, pane: RecoveredPane, stored: StoredPane, index: Index | None) -> None:
        pane.lsn = stored.lsn
        pane.hold_lsn = stored.lsn + 1
        pane.output_offset = pane.end_offset = stored.output_offset
        if index is not None:
            self._store.load(pane.pane, index)

    def _screen(self, stored: StoredPane, pane: PaneId) -> StoredScreen:
        payload = self._reader.payload(stored.screen, EntryKind.SCREEN, pane)
        try:
            return msgspec.msgpack.decode(payload, type=StoredScreen)
        except msgspec.DecodeError as error:
            raise PackDamaged(f"the screen of %{pane} does not decode: {error}") from error

    def _index(self, stored: StoredPane, pane: PaneId) -> Index | None:
        place = stored.scrollback
        if place is None:
            return None
        index = decode_index(self._reader.payload(place, EntryKind.INDEX, pane))
        packs = tuple(place.digest if digest == HERE else digest for digest in index.packs)
        return msgspec.structs.replace(index, packs=packs)

    def _remains(self, stored: StoredPane, pane: PaneId, reason: str) -> RecoveredPane:
        """Return what remains of a pane that is whole nowhere."""
        recovered = RecoveredPane(pane, stored.columns, stored.rows)
        recovered.problem = reason
        index = None
        try:
            index = self._index(stored, pane)
        except PackDamaged:
            recovered.unread.append("the whole scrollback")
        try:
            recovered.screen = self._screen(stored, pane)
        except PackDamaged:
            recovered.unread.append(f"the screen ({counted(stored.rows, 'line')})")
        self._fill(recovered, stored, index)
        return recovered
