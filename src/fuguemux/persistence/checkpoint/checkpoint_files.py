"""Writes the files of one checkpoint: packs as they fill up, then the manifest. All methods block.

The pack that is being filled has no name yet. A place in it has an empty digest until the pack is finished. In an index,
an empty digest means the pack that contains the index itself.
"""

import contextlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.manifest import (
    Entry,
    Manifest,
    PackFile,
    PaneEntry,
    StoredPane,
    decode_manifest,
    encode_manifest,
    manifest_name,
    save_name,
)
from fuguemux.persistence.checkpoint.pane_files import HERE, NOWHERE, PaneFiles
from fuguemux.persistence.scrollback.blocks import Block, LostBlock, joined_text, pack_lines
from fuguemux.persistence.scrollback.packs import (
    ENTRY_HEADER_BYTES,
    PACK_BYTES_MAX,
    TEMPORARY_SUFFIX,
    EntryKind,
    PackDamaged,
    PackPlace,
    PackUnreadable,
    PackWriter,
    compress,
)
from fuguemux.persistence.scrollback.scrollback import (
    BlockRow,
    Cut,
    Index,
    ScrollbackStore,
    encode_index,
)
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.whole_files import read_all, write_all

SCREEN_LEVEL: Final = 3


class CheckpointFiles:
    """Writes the packs and the manifest of one checkpoint. Every method may raise OSError or PackDamaged."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        store: ScrollbackStore,
        store_id: bytes,
        number: int,
    ) -> None:
        self.new_bytes = 0
        self.blocks_written = 0
        self.bytes_moved = 0
        self.salvage = False
        """Whether lines that cannot be read now become tombstones, although they might be readable later: there is no
        later attempt.
        """
        self.manifests: list[Manifest] = []
        """The published manifests, oldest first."""
        self._storage = storage
        self._directory = directory
        self._store = store
        self._store_id = store_id
        self._number = number
        self._writer: PackWriter | None = None
        self._finished: list[tuple[PackWriter, bytes]] = []
        self._sizes: dict[bytes, int] = {}
        self._panes: list[PaneFiles] = []
        self._structure: PackPlace | None = None
        self._temporaries: list[str] = []

    def open(self) -> None:
        """Begin the first pack."""
        self._open_writer()

    def _open_writer(self) -> PackWriter:
        label = f"{self._number:x}-{len(self._finished)}"
        self._writer = PackWriter(self._storage, self._directory, self._store_id, label)
        return self._writer

    def _add(self, kind: EntryKind, pane: int, payload: bytes, *, packed: bool) -> PackPlace:
        writer = self._writer
        assert writer is not None
        offset = writer.add(kind, pane, payload, packed=packed)
        return PackPlace(HERE, offset, ENTRY_HEADER_BYTES + len(payload))

    def _roll(self) -> None:
        """Finish the pack if it is large enough. Only call it between entries whose places are noted in `_panes`."""
        if self._writer is not None and self._writer.size_bytes >= PACK_BYTES_MAX:
            self._finish_writer()
            self._open_writer()

    def _finish_writer(self) -> None:
        writer = self._writer
        assert writer is not None
        digest = writer.sync()
        self._sizes[digest] = writer.size_bytes
        self._finished.append((writer, digest))
        self._writer = None
        self.new_bytes += writer.size_bytes
        for files in self._panes:
            files.named(digest)
        if self._structure is not None:
            self._structure = self._structure._replace(digest=digest)

    # -- entries ------------------------------------------------------------------------------

    def write_structure(self, payload: bytes) -> None:
        """Write the structure snapshot, which is the last entry."""
        packed = compress(payload, SCREEN_LEVEL)
        self._structure = self._add(EntryKind.STRUCTURE, 0, packed, packed=True)

    def write_pane(self, pane: PaneId, files: PaneFiles, victims: set[bytes]) -> None:
        """Write everything of a pane that is new or has to leave one of the `victims`."""
        self._panes.append(files)
        self._write_screen(pane, files)
        cut = files.cut
        if cut is None:
            return
        same = files.same_scrollback
        if same is not None and not self._must_move(same, victims):
            files.index_place = same.scrollback
            files.packs = set(same.packs)
            return
        for index, block in enumerate(cut.blocks):
            self._write_block(pane, files, index, block, victims)
        self._write_open(pane, files, cut, victims)
        self._write_index(pane, files, cut)
        self._roll()

    def _write_block(
        self, pane: PaneId, files: PaneFiles, index: int, block: Block, victims: set[bytes]
    ) -> None:
        """Write a block that is not on disk yet or has to leave its pack. One that cannot be read becomes a tombstone."""
        place = block.place
        if block.lost is not None:
            files.lost[index] = block.lost
        elif place is None or place.digest in victims:
            packed = self._packed(block, pane)
            if isinstance(packed, LostBlock):
                files.lost[index] = packed
                return
            if place is not None:
                self.bytes_moved += len(packed)
            files.blocks[index] = self._add(EntryKind.BLOCK, pane, packed, packed=True)
            self.blocks_written += 1
            self._roll()
        else:
            files.kept[index] = place

    def _packed(self, block: Block, pane: PaneId) -> bytes | LostBlock:
        """Return the compressed lines of a block, from memory if needed. Raises PackUnreadable if they may be readable
        later.
        """
        store = self._store
        try:
            return store.packed(block, pane)
        except PackDamaged as error:
            lines = store.in_memory(block, pane)
            if lines is not None:
                return store.losses.packed_again(block, lines)
            if isinstance(error, PackUnreadable) and not self.salvage:
                raise
            return store.losses.note(block, pane, error)

    def _must_move(self, stored: StoredPane, victims: set[bytes]) -> bool:
        """Whether any of a pane's scrollback is in one of the `victims`."""
        index = stored.scrollback
        used = stored.packs | {index.digest} if index is not None else stored.packs
        return not victims.isdisjoint(used)

    def _write_screen(self, pane: PaneId, files: PaneFiles) -> None:
        if files.screen is None:
            assert files.old is not None
            files.screen_place = files.old.screen
            return
        payload = msgspec.msgpack.encode(files.screen)
        packed = compress(payload, SCREEN_LEVEL)
        files.screen_place = self._add(EntryKind.SCREEN, pane, packed, packed=True)

    def _write_open(self, pane: PaneId, files: PaneFiles, cut: Cut, victims: set[bytes]) -> None:
        """Write the lines that do not fill a block yet. They are written again each time there are more."""
        lines, place = cut.open_lines, cut.open_place
        if lines and (place is None or place.digest in victims):
            packed = pack_lines(joined_text(lines), len(lines), cut.open_pieces, self._store.level)
            files.open_place = self._add(EntryKind.BLOCK, pane, packed, packed=True)
        else:
            files.open_place = place

    def _write_index(self, pane: PaneId, files: PaneFiles, cut: Cut) -> None:
        packs: dict[bytes, int] = {}
        rows: list[BlockRow] = []

        def row(
            place: PackPlace, count: int, raw_bytes: int, longest: int, lost_bytes: int = 0
        ) -> None:
            pack = packs.setdefault(place.digest, len(packs))
            rows.append(
                BlockRow(count, pack, place.offset, place.length, raw_bytes, longest, lost_bytes)
            )

        for index, block in enumerate(cut.blocks):
            lost = files.lost.get(index)
            place = NOWHERE if lost is not None else files.blocks.get(index) or files.kept[index]
            size = lost.size_bytes if lost is not None else 0
            row(place, block.count, block.raw_bytes, block.line_bytes_max, size)
        if files.open_place is not None:
            row(files.open_place, *cut.open_extent, max(map(len, cut.open_lines)))
        if not rows and not cut.base:
            return  # the pane never had a line
        first = cut.blocks[0].first if cut.blocks else cut.open_first
        first = first if rows else cut.base
        index_payload = encode_index(Index(cut.base, first, tuple(packs), tuple(rows)))
        packed = compress(index_payload, SCREEN_LEVEL)
        files.index_place = self._add(EntryKind.INDEX, pane, packed, packed=True)
        files.packs = set(packs)

    # -- the end ------------------------------------------------------------------------------

    def finish_packs(self) -> None:
        """Sync the last pack and read it back."""
        self._finish_writer()

    def manifest(
        self,
        panes: Mapping[PaneId, StoredPane],
        known: Mapping[bytes, int],
        held: PackPlace | None,
        **facts: Any,
    ) -> Manifest:
        """Return the manifest. `known` are the sizes of packs of earlier checkpoints."""
        sizes = dict(known) | self._sizes
        numbers: dict[bytes, int] = {}

        def pack(digest: bytes) -> int:
            return numbers.setdefault(digest, len(numbers))

        def entry(place: PackPlace) -> Entry:
            return Entry(pack(place.digest), place.offset, place.length)

        assert self._structure is not None
        structure = entry(self._structure)
        entries = tuple(
            PaneEntry(
                pane,
                stored.lsn,
                stored.output_offset,
                stored.columns,
                stored.rows,
                entry(stored.screen),
                entry(stored.scrollback) if stored.scrollback is not None else None,
                tuple(pack(digest) for digest in sorted(stored.packs)),
            )
            for pane, stored in sorted(panes.items())
        )
        held_entry = entry(held) if held is not None else None
        return Manifest(
            packs=tuple(PackFile(digest, sizes[digest]) for digest in numbers),
            structure=structure,
            panes=entries,
            held=held_entry,
            new_bytes=self.new_bytes,
            **facts,
        )

    def publish(self, manifest: Manifest, *, twice: bool = False) -> None:
        """Rename all files to their final names, and make the names durable.

        With `twice`, also publish the same content under the next number, so that there are two good generations without
        older ones.
        """
        published = [manifest]
        if twice:
            again = msgspec.structs.replace(
                manifest, number=manifest.number + 1, previous=manifest.number
            )
            published.append(again)
        files = [(manifest_name(each.number), each) for each in published]
        self._publish(files)
        self.manifests = published

    def publish_save(self, manifest: Manifest) -> None:
        """Publish under the name of a save only: it does not become a generation."""
        self._publish([(save_name(manifest.name), manifest)])

    def _publish(self, files: list[tuple[str, Manifest]]) -> None:
        for file_name, each in files:
            self._write_manifest(file_name, each)
        for writer, digest in self._finished:
            writer.publish(digest)
        if self._finished:
            # After a power failure a later name may exist without an earlier one, so sync the packs' names before the
            # manifest's.
            self._storage.fsync_directory(self._directory)
        for file_name, _ in files:
            path = f"{self._directory}/{file_name}"
            self._storage.rename(path + TEMPORARY_SUFFIX, path)
        self._storage.fsync_directory(self._directory)

    def _write_manifest(self, file_name: str, manifest: Manifest) -> None:
        data = encode_manifest(manifest)
        path = f"{self._directory}/{file_name}{TEMPORARY_SUFFIX}"
        with contextlib.suppress(FileNotFoundError):
            self._storage.unlink(path)
        self._temporaries.append(path)
        file = self._storage.create(path)
        try:
            write_all(self._storage, file, [data], 0)
            self._storage.fsync(file)
        finally:
            self._storage.close(file)
        # Never publish what cannot be read back: it would replace a good checkpoint.
        if decode_manifest(read_all(self._storage, path)) != manifest:
            raise PackDamaged("what was written to a manifest cannot be read back: check the disk")
        self.new_bytes += len(data)

    def abandon(self) -> None:
        """Remove temporary files if possible. Files that have their final name stay until the next retention."""
        for writer, _ in self._finished:
            writer.abandon()
        if self._writer is not None:
            self._writer.abandon()
        if any(writer.published for writer, _ in self._finished):
            return  # the manifests say which packs are not needed
        for path in self._temporaries:
            with contextlib.suppress(OSError):
                self._storage.unlink(path)
