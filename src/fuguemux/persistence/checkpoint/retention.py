"""Decides which files of checkpoints are kept: manifests, packs, temporary files, and how much of the log is needed.

Nothing is deleted that was not understood. A manifest that is superseded gets the suffix `.old`; then the packs that only
it names are removed; then the manifest itself. So after a crash at any point it is still known which packs are not
needed. A pack that no readable manifest names may belong to an unreadable one: like such manifests, it is moved to the
quarantine. A pack that a quarantined save names is moved there as well: it was swapped with another file, and can be put
back.
"""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Final, NamedTuple

from fuguemux.persistence.checkpoint.manifest import (
    MAGIC,
    Manifest,
    ManifestDamaged,
    ManifestUnsupported,
    decode_manifest,
    manifest_name,
    manifest_number,
    save_name,
    saved_name,
)
from fuguemux.persistence.scrollback.packs import (
    TEMPORARY_SUFFIX,
    holds_pack,
    pack_digest,
    pack_name,
)
from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.storage.set_aside import quarantine_beside, set_aside
from fuguemux.persistence.storage.whole_files import first_bytes, read_all

GENERATIONS_MIN: Final = 2
"""This many good checkpoints, and the log since the older of them, are always kept."""


RETIRED_SUFFIX: Final = ".old"
"""The suffix of a manifest that is not needed any more."""


class Retained(NamedTuple):
    """What retention left. No kept generation needs a record below `wal_before_lsn`."""

    generations: list[Manifest]
    removed: list[str]
    wal_before_lsn: int
    set_aside: list[str]
    """The names in the quarantine of files that were not understood."""


class FoundManifests(NamedTuple):
    """The manifests in a directory, newest first, and what could not be read, with the reason."""

    manifests: list[Manifest]
    saves: list[Manifest]
    damaged: list[tuple[str, str]]
    highest_number: int
    own: frozenset[str] = frozenset()
    """The names of saves that have their own packs; see `saves`."""
    damaged_saves: Sequence[tuple[str, str]] = ()
    """As `damaged`, for those saves."""


def find_manifests(storage: Storage, directory: str) -> FoundManifests:
    """Read every manifest. Raises ManifestUnsupported for one of another version, and OSError for the directory.

    A manifest that a running server removes meanwhile is left out.
    """
    manifests: list[Manifest] = []
    saves: list[Manifest] = []
    damaged: list[tuple[str, str]] = []
    highest = 0
    for name in sorted(storage.list(directory)):
        number, save = manifest_number(name), saved_name(name)
        if number is None and save is None:
            continue
        highest = max(highest, number or 0)
        try:
            manifest = decode_manifest(read_all(storage, f"{directory}/{name}"))
        except ManifestUnsupported as error:
            raise ManifestUnsupported(f"{name}: {error}") from error
        except FileNotFoundError:
            continue
        except (ManifestDamaged, OSError) as error:
            damaged.append((name, reason_of(error)))
            continue
        highest = max(highest, manifest.number)
        if number is not None and manifest.number != number:
            damaged.append((name, f"it says that it is number {manifest.number}"))
            continue
        if manifest.name != (save or ""):
            damaged.append((name, f"it says that it is called {manifest.name!r}"))
            continue
        (manifests if number is not None else saves).append(manifest)
    manifests.sort(key=lambda manifest: manifest.number, reverse=True)
    return FoundManifests(manifests, saves, damaged, highest)


def retire(storage: Storage, directory: str, name: str) -> None:
    """Rename a manifest that is not needed any more. Retention then removes its packs, and after them the manifest.

    Raises OSError.
    """
    for variant in count():
        gone = f"{name}{RETIRED_SUFFIX}" + (f"-{variant}" if variant else "")
        if not storage.exists(f"{directory}/{gone}"):
            storage.rename(f"{directory}/{name}", f"{directory}/{gone}")
            return


def retired_name(name: str) -> str | None:
    """The former name of a retired manifest. None if the name is not that of one."""
    before, suffix, _variant = name.rpartition(RETIRED_SUFFIX)
    is_manifest = manifest_number(before) is not None or saved_name(before) is not None
    return before if suffix and is_manifest else None


def superfluous_packs(storage: Storage, directory: str, names: Iterable[str]) -> set[bytes]:
    """The packs that manifests of retired or unfinished checkpoints name. Unless another manifest names them, they may be
    removed.
    """
    digests: set[bytes] = set()
    for name in names:
        unfinished = name.removesuffix(TEMPORARY_SUFFIX) if name.endswith(TEMPORARY_SUFFIX) else ""
        is_manifest = manifest_number(unfinished) is not None or saved_name(unfinished) is not None
        if is_manifest or retired_name(name) is not None:
            manifest = _readable(storage, f"{directory}/{name}")
            if manifest is not None:
                digests.update(pack.digest for pack in manifest.packs)
    return digests


def unknown_packs(storage: Storage, directory: str, manifests: Iterable[Manifest]) -> list[str]:
    """The names of packs that are neither in `manifests`, which are all readable ones, nor superfluous. Raises OSError."""
    names = storage.list(directory)
    known = superfluous_packs(storage, directory, names)
    known |= {pack.digest for manifest in manifests for pack in manifest.packs}
    found = [(pack_digest(name), name) for name in sorted(names)]
    return [name for digest, name in found if digest is not None and digest not in known]


def packs_set_aside(storage: Storage, quarantine: str) -> set[bytes]:
    """The packs that saves in the quarantine name, whatever their file names. Raises nothing."""
    digests: set[bytes] = set()
    try:
        names = storage.list(quarantine)
    except OSError:
        return digests
    for name in names:
        path = f"{quarantine}/{name}"
        if first_bytes(storage, path, len(MAGIC)) == MAGIC:
            manifest = _readable(storage, path)
            if manifest is not None and manifest.name:
                digests.update(pack.digest for pack in manifest.packs)
    return digests


def _readable(storage: Storage, path: str) -> Manifest | None:
    try:
        return decode_manifest(read_all(storage, path))
    except (OSError, ManifestDamaged, ManifestUnsupported):
        return None


def retain(
    storage: Storage,
    directory: str,
    generations: Sequence[Manifest],
    saves: Iterable[Manifest],
    *,
    extra_generations: int = 0,
    keep_names: Iterable[str] = (),
    forget: Callable[[bytes], None] = lambda _digest: None,
) -> Retained:
    """Remove what no kept generation or save needs. A file that cannot be removed is tried again the next time.

    Only files that are known to be superseded are removed: readable manifests that are older than the newest one, and
    packs that such a manifest names and no save in the quarantine does. Other manifests and packs are moved there.
    `generations` are the good ones, newest first. Files with other names stay. `forget` is called for every pack before
    it is removed.
    """
    kept = list(generations[: GENERATIONS_MIN + extra_generations])
    saved = list(saves)
    wanted = {manifest_name(manifest.number) for manifest in kept}
    wanted |= {save_name(manifest.name) for manifest in saved} | set(keep_names)
    wanted |= {pack_name(pack.digest) for each in [*kept, *saved] for pack in each.packs}
    cleaning = _Cleaning(storage, directory, wanted, forget)
    known = {manifest_name(manifest.number) for manifest in generations}
    # Remove manifests first: a manifest without its packs would look damaged.
    for name in sorted(storage.list(directory)):
        if manifest_number(name) is not None and name not in wanted:
            cleaning.manifest(
                name, superseded=name in known or _is_older(storage, directory, name, kept)
            )
    names = sorted(storage.list(directory))
    dead = superfluous_packs(storage, directory, names)
    dead |= {pack.digest for manifest in generations for pack in manifest.packs}
    found = [(name, pack_digest(name)) for name in names if name not in wanted]
    packs = [(name, digest) for name, digest in found if digest is not None]
    if packs:
        dead -= packs_set_aside(storage, quarantine_beside(directory))
    for name, digest in packs:
        cleaning.pack(name, digest, superseded=digest in dead)
    for name in names:
        if name.endswith(TEMPORARY_SUFFIX) or retired_name(name) is not None:
            cleaning.rest(name)
    safe = kept[:GENERATIONS_MIN]
    # With a single generation, the log before it is the only other way back.
    needed = min(m.wal_start_lsn for m in safe) + 1 if len(safe) >= GENERATIONS_MIN else 0
    return Retained(kept, cleaning.removed, needed, cleaning.moved)


def _is_older(storage: Storage, directory: str, name: str, kept: Sequence[Manifest]) -> bool:
    """Whether a manifest can be read, is of the same store, and is older than the newest one."""
    manifest = _readable(storage, f"{directory}/{name}")
    if manifest is None or not kept:
        return False
    return manifest.store_id == kept[0].store_id and manifest.number < kept[0].number


class _Cleaning:
    """Removes files from a directory of checkpoints."""

    def __init__(
        self, storage: Storage, directory: str, wanted: set[str], forget: Callable[[bytes], None]
    ) -> None:
        self.removed: list[str] = []
        self.moved: list[str] = []
        self._storage = storage
        self._directory = directory
        self._wanted = wanted
        self._forget = forget
        self._stay = False

    def manifest(self, name: str, *, superseded: bool) -> None:
        with contextlib.suppress(OSError):
            if superseded:
                retire(self._storage, self._directory, name)
            else:
                self._move(name)

    def pack(self, name: str, digest: bytes, *, superseded: bool) -> None:
        self._forget(digest)
        try:
            if superseded and holds_pack(self._storage, f"{self._directory}/{name}", digest):
                self._remove(name)
            else:
                self._move(name)
        except OSError:
            self._stay = True

    def rest(self, name: str) -> None:
        """Remove a retired manifest once its packs are gone, or a temporary file."""
        before = retired_name(name)
        if before is not None and self._stay:
            return
        with contextlib.suppress(OSError):
            if before is not None and _readable(self._storage, f"{self._directory}/{name}") is None:
                self._move(name)
            else:
                self._remove(name)

    def _remove(self, name: str) -> None:
        self._storage.unlink(f"{self._directory}/{name}")
        self.removed.append(retired_name(name) or name)

    def _move(self, name: str) -> None:
        path, place = f"{self._directory}/{name}", quarantine_beside(self._directory)
        self.moved.append(set_aside(self._storage, path, place))
