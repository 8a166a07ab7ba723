"""Reads saves and closed sessions completely, to find those that are not whole, and how much of each cannot be read.

The save of a state before a recovery with losses is left out: it is damaged from the beginning, and the report of that
recovery says so.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.manifest import (
    Manifest,
    StoredPane,
    place_of,
    save_name,
    stored_pane,
)
from fuguemux.persistence.checkpoint.pane_files import HERE
from fuguemux.persistence.checkpoint.retention import FoundManifests
from fuguemux.persistence.checkpoint.save_check import BEFORE_RECOVERY, CHECKPOINTS, SAVES
from fuguemux.persistence.checkpoint.saves import find_all, pack_paths
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import (
    EntryKind,
    PackDamaged,
    PackPlace,
    PackUnreadable,
)
from fuguemux.persistence.scrollback.scrollback_index import Index, decode_index
from fuguemux.persistence.storage.files import Storage

READ_BYTES: Final = 256 << 10
"""About this much is read between two reports of progress."""


class SaveReading:
    """One pass over everything that a save needs. Close it when done."""

    def __init__(
        self, storage: Storage, directory: str, found: FoundManifests, save: Manifest
    ) -> None:
        """`found` are the manifests in the state directory `directory`."""
        self.name = save.name
        self._storage = storage
        self._directory = directory
        self._save = save
        self._own = save.name in found.own
        self._reader = PackReader(storage, f"{directory}/{CHECKPOINTS}")
        self._reader.paths = pack_paths(found._replace(manifests=[], saves=[save]), directory)
        self._reason = ""
        self._lost: list[str] = []
        self._lines = self._bytes = 0
        self._steps = self._parts()

    def some(self) -> bool:
        """Read about `READ_BYTES` more. Returns False at the end. Blocks. Raises nothing."""
        done = 0
        for size in self._steps:
            done += size
            if done >= READ_BYTES:
                return True
        return False

    def problem(self) -> str:
        """What is damaged, and how much, as far as was read. Empty if nothing is, or if the save was deleted meanwhile."""
        place = SAVES if self._own else CHECKPOINTS
        if not self._reason or not self._storage.exists(
            f"{self._directory}/{place}/{save_name(self.name)}"
        ):
            return ""
        lost = [*self._lost]
        if self._lines:
            size = counted(self._bytes, "byte")
            lost.append(f"{counted(self._lines, 'line')} of scrollback ({size} stored)")
        return f"{self._reason}; lost: {', '.join(lost)}" if lost else self._reason

    def compare_packs(self) -> None:
        """Compare the packs with what was written, byte by byte. Blocks."""
        for pack in self._save.packs:
            try:
                if self._own or self._reader.size_of(pack.digest) <= pack.size_bytes:
                    self._reader.verify(pack.digest, pack.size_bytes)
            except PackDamaged as error:
                self._note(error)

    def close(self) -> None:
        """Close the packs."""
        self._reader.close()

    def _parts(self) -> Iterator[int]:
        """Read every part; yields the size of each."""
        save = self._save
        for pack in save.packs:
            self._reader.read_anew(pack.digest)
        yield self._read(place_of(save, save.structure), EntryKind.STRUCTURE, 0, "the structure")
        for entry in save.panes:
            stored = stored_pane(save, entry)
            screen = f"the screen of %{entry.pane} ({counted(stored.rows, 'line')})"
            yield self._read(stored.screen, EntryKind.SCREEN, entry.pane, screen)
            index = self._index(stored, entry.pane)
            if index is not None and stored.scrollback is not None:
                yield from self._blocks(index, stored.scrollback.digest, entry.pane)

    def _index(self, stored: StoredPane, pane: PaneId) -> Index | None:
        if stored.scrollback is None:
            return None
        try:
            return decode_index(self._reader.payload(stored.scrollback, EntryKind.INDEX, pane))
        except PackDamaged as error:
            self._note(error, f"the whole scrollback of %{pane}")
            return None

    def _blocks(self, index: Index, here: bytes, pane: PaneId) -> Iterator[int]:
        for row in index.blocks:
            if row.lost_bytes:
                continue  # it was lost before
            digest = index.packs[row.pack]
            place = PackPlace(here if digest == HERE else digest, row.offset, row.length)
            try:
                self._reader.payload(place, EntryKind.BLOCK, pane)
            except PackUnreadable:
                pass  # it may be readable another time
            except PackDamaged as error:
                self._note(error)
                self._lines += row.count
                self._bytes += row.length
            yield row.length

    def _read(self, place: PackPlace, kind: EntryKind, pane: int, what: str) -> int:
        try:
            self._reader.payload(place, kind, pane)
        except PackDamaged as error:
            self._note(error, what)
        return place.length

    def _note(self, error: PackDamaged, what: str = "") -> None:
        if isinstance(error, PackUnreadable):
            return
        self._reason = self._reason or str(error)
        if what:
            self._lost.append(what)


def to_read(found: FoundManifests) -> Sequence[Manifest]:
    """The saves of `found` that should be whole."""
    return [save for save in found.saves if not save.name.startswith(BEFORE_RECOVERY)]


def damaged(storage: Storage, directory: str) -> list[tuple[str, str]]:
    """Read every save and closed session. Returns the names of damaged ones, with the reason and what cannot be read.
    Blocks.
    """
    found = find_all(storage, directory)
    bad = []
    for save in to_read(found):
        reading = SaveReading(storage, directory, found, save)
        try:
            reading.compare_packs()
            while reading.some():
                pass
            problem = reading.problem()
        finally:
            reading.close()
        if problem:
            bad.append((save.name, problem))
    return bad
