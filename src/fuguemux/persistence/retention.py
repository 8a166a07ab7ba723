"""What of the checkpoints is kept and what goes: manifests, packs, temporary files, and how much of the log is needed."""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from fuguemux.persistence.files import Storage, read_all
from fuguemux.persistence.manifest import (
    Manifest,
    ManifestDamaged,
    ManifestUnsupported,
    decode_manifest,
    manifest_name,
    manifest_number,
    save_name,
    saved_name,
)
from fuguemux.persistence.packs import TEMPORARY_SUFFIX, pack_digest, pack_name

GENERATIONS_MIN: Final = 2
"""So many good checkpoints, and the log since the older of them, are always there."""


class Retained(NamedTuple):
    """What retention left. `wal_before_lsn`: no kept generation needs a record below it."""

    generations: list[Manifest]
    removed: list[str]
    wal_before_lsn: int


class Found(NamedTuple):
    """The manifests in a directory, newest first; what could not be read, with the reason."""

    manifests: list[Manifest]
    saves: list[Manifest]
    damaged: list[tuple[str, str]]
    highest_number: int


def find_manifests(storage: Storage, directory: str) -> Found:
    """Read every manifest. Raises ManifestUnsupported for one of another version, and OSError for the directory.

    One that a running server removes meanwhile is not there.
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
            damaged.append((name, str(error)))
            continue
        highest = max(highest, manifest.number)
        if number is not None and manifest.number != number:
            damaged.append((name, f"it says that it is number {manifest.number}"))
            continue
        (manifests if number is not None else saves).append(manifest)
    manifests.sort(key=lambda manifest: manifest.number, reverse=True)
    return Found(manifests, saves, damaged, highest)


def retain(
    storage: Storage,
    directory: str,
    generations: Sequence[Manifest],
    saves: Iterable[Manifest],
    *,
    keep_more: int = 0,
    keep_names: Iterable[str] = (),
    forget: Callable[[bytes], None] = lambda _digest: None,
) -> Retained:
    """Remove what none of the kept generations and saves needs; a file that cannot be removed waits for the next time.

    `generations` are the good ones, newest first. Names that mean nothing here stay. `forget` is told of every
    pack before it goes.
    """
    kept = list(generations[: GENERATIONS_MIN + keep_more])
    saved = list(saves)
    wanted = {manifest_name(manifest.number) for manifest in kept}
    wanted |= {save_name(manifest.name) for manifest in saved} | set(keep_names)
    wanted |= {pack_name(pack.digest) for each in [*kept, *saved] for pack in each.packs}
    removed: list[str] = []
    names = storage.list(directory)
    # Manifests first: a manifest whose packs are gone would look like damage.
    for name in sorted(names, key=lambda name: manifest_number(name) is None):
        digest = pack_digest(name)
        ours = manifest_number(name) is not None or digest is not None
        ours = ours or name.endswith(TEMPORARY_SUFFIX)
        if not ours or name in wanted:
            continue
        if digest is not None:
            forget(digest)
        with contextlib.suppress(OSError):
            storage.unlink(f"{directory}/{name}")
            removed.append(name)
    safe = kept[:GENERATIONS_MIN]
    # With a single generation the log before it is the only other way back.
    needed = min(m.wal_start_lsn for m in safe) + 1 if len(safe) >= GENERATIONS_MIN else 0
    return Retained(kept, removed, needed)
