"""Saves: checkpoints that a user wants kept, each with a copy of everything it needs, independent of the live store.

    state/saves/SAVE-<hex of name>   the manifest, as one of a checkpoint; it names a single pack
    state/saves/PACK-<hex of name>   that pack

The entries are copied byte by byte, not by links or reflinks, which would share disk blocks and their damage. Saves of
earlier versions are in `checkpoints` and share its packs; they can always be read.
"""

import contextlib
from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec.structs import replace

from fuguemux.persistence.checkpoint.manifest import (
    Entry,
    Manifest,
    PackFile,
    PaneEntry,
    StoredPane,
    decode_manifest,
    encode_manifest,
    place_of,
    save_name,
    stored_pane,
)
from fuguemux.persistence.checkpoint.pane_files import HERE
from fuguemux.persistence.checkpoint.retention import FoundManifests, find_manifests, retire
from fuguemux.persistence.checkpoint.save_check import CHECKPOINTS as CHECKPOINTS
from fuguemux.persistence.checkpoint.save_check import SAVES as SAVES
from fuguemux.persistence.checkpoint.save_check import note
from fuguemux.persistence.checkpoint.save_check import save_pack_name as save_pack_name
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import (
    ENTRY_HEADER_BYTES,
    READ_BYTES,
    TEMPORARY_SUFFIX,
    EntryKind,
    PackDamaged,
    PackPlace,
    PackUnreadable,
    PackWriter,
    check_entry,
    compress,
)
from fuguemux.persistence.scrollback.scrollback_index import (
    BlockRow,
    Index,
    decode_index,
    encode_index,
)
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.whole_files import read_all, write_all, write_atomically

LEVEL: Final = 3

Progress = Callable[[float], None]


def with_saves(found: FoundManifests, storage: Storage, directory: str) -> FoundManifests:
    """Add to `found` the saves of a state directory that have packs of their own. Raises ManifestUnsupported.

    Nothing else needs these saves: if their directory cannot be read, the result contains a damage without a name.
    """
    try:
        saves = find_manifests(storage, f"{directory}/{SAVES}")
    except FileNotFoundError:
        return found
    except OSError as error:
        return found._replace(damaged_saves=[("", error.strerror or str(error))])
    own = frozenset(save.name for save in saves.saves)
    others = [save for save in found.saves if save.name not in own]
    return found._replace(
        saves=[*others, *saves.saves],
        damaged_saves=saves.damaged,
        highest_number=max(found.highest_number, saves.highest_number),
        own=own,
    )


def pack_paths(found: FoundManifests, directory: str) -> dict[bytes, str]:
    """The paths of the packs of saves that have their own, by digest.

    A pack of the live store may have the same bytes. The live store never reads the save's copy instead.
    """
    others = [save for save in found.saves if save.name not in found.own]
    living = {pack.digest for each in (*found.manifests, *others) for pack in each.packs}
    return {
        pack.digest: f"{directory}/{SAVES}/{save_pack_name(save.name)}"
        for save in found.saves
        if save.name in found.own
        for pack in save.packs
        if pack.digest not in living
    }


def kept_from_us(storage: Storage, found: FoundManifests, directory: str) -> dict[str, str]:
    """The files of such saves that belong to another user or may not be read, and why. Blocks."""
    place = f"{directory}/{SAVES}"
    own = found._replace(manifests=[], saves=[s for s in found.saves if s.name in found.own])
    reasons = {}
    for path in [
        *(f"{place}/{n}" for n, _ in found.damaged_saves),
        *pack_paths(own, directory).values(),
    ]:
        name = path.removeprefix(f"{place}/")
        try:
            if name:
                storage.close(storage.open(path))
            else:
                storage.list(place)
        except PermissionError as error:
            reasons[name] = error.strerror or str(error)
        except OSError:
            continue  # it is reported as damaged
    return reasons


def find_all(storage: Storage, directory: str, name: str = "") -> FoundManifests:
    """The checkpoints and saves of a state directory. With the `name` of a save that has its own packs, only that save.

    Raises as `find_manifests`, but not for a missing directory.
    """
    nothing = FoundManifests([], [], [], 0)
    found = with_saves(nothing, storage, directory)
    if name in found.own:
        only = [save for save in found.saves if save.name == name]
        return found._replace(saves=only, own=frozenset({name}), damaged_saves=())
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        found = with_saves(
            find_manifests(storage, f"{directory}/{CHECKPOINTS}"), storage, directory
        )
    return found


def stands_alone(storage: Storage, directory: str, name: str) -> bool:
    """Whether there is a save of that name with packs of its own."""
    return storage.exists(f"{directory}/{SAVES}/{save_name(name)}")


def write_save(
    storage: Storage,
    reader: PackReader,
    manifest: Manifest,
    directory: str,
    name: str,
    progress: Progress = lambda _share: None,
) -> Manifest:
    """Copy a checkpoint so that nothing else is needed to restore it. Returns the save's manifest. Blocks.

    Scrollback that cannot be read becomes tombstones. Raises OSError (a full disk) and PackDamaged; nothing is left
    behind then.
    """
    place = f"{directory}/{SAVES}"
    storage.make_directory(place)
    writer = PackWriter(storage, place, manifest.store_id, save_pack_name(name))
    path = f"{place}/{save_name(name)}"
    published = False
    if storage.exists(path + TEMPORARY_SUFFIX) and not storage.exists(path):
        # A save that was never finished. Remove its pack first: a pack alone would look like a damaged save.
        _remove(storage, place, save_pack_name(name))
    try:
        copying = _Copying(reader, writer, manifest, progress)
        save = replace(copying.copied(), name=name)
        digest = writer.sync()
        save = replace(
            save, packs=(PackFile(digest, writer.size_bytes),), new_bytes=writer.size_bytes
        )
        _write_manifest(storage, path + TEMPORARY_SUFFIX, save)
        # A pack with a temporary manifest is an unfinished save; without one it would look like a damaged save.
        storage.fsync_directory(place)
        published = True
        writer.publish(digest, save_pack_name(name))
        # so that a power failure leaves no manifest without its pack
        storage.fsync_directory(place)
        storage.rename(path + TEMPORARY_SUFFIX, path)
    except BaseException:
        writer.abandon()
        with contextlib.suppress(OSError):
            if published:
                _remove(storage, place, save_pack_name(name))
            storage.unlink(path + TEMPORARY_SUFFIX)
        raise
    storage.fsync_directory(place)
    note(storage, directory, add=[name])
    return save


def has_files(storage: Storage, directory: str, name: str) -> bool:
    """Whether any file of such a save exists, readable or not."""
    leaves = (save_name(name), save_pack_name(name))
    return any(storage.exists(f"{directory}/{SAVES}/{leaf}") for leaf in leaves)


def delete_save(storage: Storage, directory: str, name: str) -> None:
    """Remove a save of either kind. Raises OSError."""
    checkpoints = f"{directory}/{CHECKPOINTS}"
    note(storage, directory, remove=[name])
    with contextlib.suppress(FileNotFoundError):
        retire(storage, checkpoints, save_name(name))
        storage.fsync_directory(checkpoints)
    if not has_files(storage, directory, name):
        return
    place = f"{directory}/{SAVES}"
    gone = f"{place}/{save_name(name)}{TEMPORARY_SUFFIX}"
    # Under this name the manifest has no meaning any more, whatever happens next.
    with contextlib.suppress(FileNotFoundError):  # only the pack is left
        storage.rename(f"{place}/{save_name(name)}", gone)
        storage.fsync_directory(place)
    for leaf in (save_pack_name(name), save_name(name) + TEMPORARY_SUFFIX):
        _remove(storage, place, leaf)


def _remove(storage: Storage, place: str, leaf: str) -> None:
    """Remove a file if it exists, durably. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        storage.unlink(f"{place}/{leaf}")
    storage.fsync_directory(place)


def copy_save(storage: Storage, directory: str, save: Manifest) -> bool:
    """Write missing files of a save with its own packs again. Returns False if the save has none of its own. Blocks.

    `storage` may read them from another place, because the state directory was moved. Only as much of a pack is copied as
    was written: a damaged size must not fill the disk. Raises OSError.
    """
    place, name = f"{directory}/{SAVES}", save.name
    try:
        storage.close(storage.open(f"{place}/{save_name(name)}"))
    except FileNotFoundError:
        return False
    storage.make_directory(place)
    if not storage.exists(f"{place}/{save_pack_name(name)}"):
        _copy_file(
            storage, f"{place}/{save_pack_name(name)}", max(p.size_bytes for p in save.packs)
        )
    storage.fsync_directory(place)  # no manifest without its pack
    if not storage.exists(f"{place}/{save_name(name)}"):
        write_atomically(storage, place, save_name(name), [encode_manifest(save)])
    note(storage, directory, add=[name])
    return True


def _copy_file(storage: Storage, path: str, size: int) -> None:
    """Copy the first `size` bytes of the file that reading finds at `path` to the place where writing puts it. Raises
    OSError.
    """
    temporary = path + TEMPORARY_SUFFIX
    with contextlib.suppress(FileNotFoundError):
        storage.unlink(temporary)
    source = storage.open(path)
    try:
        target = storage.create(temporary)
        try:
            offset = 0
            while chunk := storage.pread(source, min(READ_BYTES, size - offset), offset):
                write_all(storage, target, [chunk], offset)
                offset += len(chunk)
            storage.fsync(target)
        finally:
            storage.close(target)
    finally:
        storage.close(source)
    storage.rename(temporary, path)


def _write_manifest(storage: Storage, path: str, manifest: Manifest) -> None:
    with contextlib.suppress(FileNotFoundError):
        storage.unlink(path)
    file = storage.create(path)
    try:
        write_all(storage, file, [encode_manifest(manifest)], 0)
        storage.fsync(file)
    finally:
        storage.close(file)
    if decode_manifest(read_all(storage, path)) != manifest:
        raise PackDamaged("what was written to a manifest cannot be read back: check the disk")


class _Source(NamedTuple):
    """A pane of the checkpoint, and its stored index."""

    entry: PaneEntry
    stored: StoredPane
    lines: Index | None


class _Copying:
    """One copy of a checkpoint into a single pack."""

    def __init__(
        self, reader: PackReader, writer: PackWriter, manifest: Manifest, progress: Progress
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._manifest = manifest
        self._progress = progress
        self._total = 0

    def copied(self) -> Manifest:
        """The checkpoint's manifest, with the places of its parts in the new pack."""
        manifest = self._manifest
        sources = [self._source(entry) for entry in manifest.panes]
        self._total = sum(row.length for each in sources if each.lines for row in each.lines.blocks)
        panes = tuple(self._pane(source) for source in sources)
        structure = self._entry(place_of(manifest, manifest.structure), EntryKind.STRUCTURE, 0)
        held = None
        if manifest.held is not None:
            held = self._entry(place_of(manifest, manifest.held), EntryKind.STRUCTURE, 0)
        return replace(manifest, panes=panes, structure=structure, held=held, previous=0)

    def _source(self, entry: PaneEntry) -> _Source:
        stored = stored_pane(self._manifest, entry)
        if stored.scrollback is None:
            return _Source(entry, stored, None)
        index = decode_index(self._reader.payload(stored.scrollback, EntryKind.INDEX, entry.pane))
        return _Source(entry, stored, index)

    def _pane(self, source: _Source) -> PaneEntry:
        entry, stored, index = source
        screen = self._entry(stored.screen, EntryKind.SCREEN, entry.pane)
        if index is None or stored.scrollback is None:
            return replace(entry, screen=screen, index=None, packs=())
        rows = []
        for row in index.blocks:
            digest = index.packs[row.pack]
            if digest == HERE:
                digest = stored.scrollback.digest
            rows.append(self._row(row, digest, entry.pane))
        new = Index(index.base, index.first, (HERE,), tuple(rows))
        packed = compress(encode_index(new), LEVEL)
        offset = self._writer.add(EntryKind.INDEX, entry.pane, packed, packed=True)
        place = Entry(0, offset, ENTRY_HEADER_BYTES + len(packed))
        return replace(entry, screen=screen, index=place, packs=(0,))

    def _row(self, row: BlockRow, digest: bytes, pane: int) -> BlockRow:
        if row.lost_bytes:
            return replace(row, pack=0)
        try:
            copy = self._entry(PackPlace(digest, row.offset, row.length), EntryKind.BLOCK, pane)
        except PackUnreadable:
            raise
        except PackDamaged:
            return replace(row, pack=0, offset=0, length=0, lost_bytes=row.length)
        if self._total:
            self._progress(min(self._writer.size_bytes / self._total, 1.0))
        return replace(row, pack=0, offset=copy.offset)

    def _entry(self, place: PackPlace, kind: EntryKind, pane: int) -> Entry:
        """Copy an entry unchanged. Raises PackDamaged if it is not whole."""
        data = self._reader.read(place)
        check_entry(data, kind, pane)
        return Entry(0, self._writer.add_entry(data), len(data))
