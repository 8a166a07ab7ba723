"""Checks saves at a start without reading them: whether their files exist, begin correctly, and have the right size.

A save appears in three places: its manifest, its pack, and the helper file `saved` in the state directory, which lists
the saves with packs of their own and the closed sessions. If one of them names something that does not exist, that is
reported; if only the list names it, it is reported once. `save_reading.damaged` reads the contents of packs, which takes
long.
"""

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from fuguemux.keeper.helper_record import HelperDamaged
from fuguemux.persistence.checkpoint.manifest import SAVE_PREFIX, PackFile, save_name, saved_name
from fuguemux.persistence.checkpoint.retention import FoundManifests
from fuguemux.persistence.scrollback.packs import FILE_HEADER, MAGIC, TEMPORARY_SUFFIX, pack_name
from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.storage.small_file import read_small, remove_small, write_small

CHECKPOINTS: Final = "checkpoints"
SAVES: Final = "saves"
SAVED_FILE: Final = "saved"
"""A helper file: JSON with the names of saves that have packs of their own, and of closed sessions."""
PACK_PREFIX: Final = "PACK-"
BEFORE_RECOVERY: Final = "before-recovery-"
OF_A_SAVE: Final = "what was saved as "
OF_A_CLOSED_SESSION: Final = "closed session "
_CLOSED: Final = re.compile(r"closed-(.+)-\d+-\d{6}(-\d+)?", re.DOTALL)
_listing: Final = threading.Lock()


def told_as(name: str) -> str:
    """The name of a save in reports. A closed session is called by its session name."""
    closed = _CLOSED.fullmatch(name)
    if closed is None:
        return f"{OF_A_SAVE}{name}"
    return f"{OF_A_CLOSED_SESSION}{closed[1]}, kept as {name}"


def save_pack_name(name: str) -> str:
    """The file name of the pack of a save."""
    return PACK_PREFIX + save_name(name).removeprefix(SAVE_PREFIX)


def listed(storage: Storage, directory: str) -> list[str]:
    """The saves that the file `saved` names; none if it is missing or cannot be used. Raises nothing."""
    return _listed(storage, directory) or []


def list_is_damaged(storage: Storage, directory: str) -> bool:
    """Whether the file `saved` exists and cannot be used. Raises nothing."""
    return _listed(storage, directory) is None


def _listed(storage: Storage, directory: str) -> list[str] | None:
    try:
        data = read_small(storage, directory, SAVED_FILE, lambda _data: False)
        return msgspec.json.decode(data, type=list[str])
    except FileNotFoundError:
        return []
    except (OSError, HelperDamaged, msgspec.DecodeError):
        return None


def note(
    storage: Storage, directory: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> None:
    """Add names to the list, after a save is written, or remove names, before a save is removed. Raises nothing.

    A list that cannot be written is removed, and has no information then: deleting a save must work on a full disk.
    """
    with _listing:  # the loop deletes saves, threads write them
        before = listed(storage, directory)
        after = sorted({*before, *add} - set(remove))
        if after == before:
            return
        try:
            write_small(storage, directory, SAVED_FILE, msgspec.json.encode(after))
        except OSError:
            with contextlib.suppress(OSError):
                remove_small(storage, directory, SAVED_FILE)
                storage.fsync_directory(directory)


def problems(storage: Storage, directory: str, found: FoundManifests) -> Iterator[tuple[str, str]]:
    """The names of saves whose files are wrong, and why. Blocks for a few system calls per file; raises nothing."""
    place = f"{directory}/{SAVES}"
    names = _names(storage, place)
    for save in found.saves:
        if save.name in found.own:
            pack = save.packs[0] if save.packs else None
            path = f"{place}/{save_pack_name(save.name)}"
            problem = _problem(storage, path, pack, longer=False) if pack else ""
            if problem and storage.exists(f"{place}/{save_name(save.name)}"):
                yield save.name, problem
    yield from _shared(storage, directory, found)
    if names is None:
        return  # the directory cannot be listed, which was reported already
    told = {saved_name(leaf) for leaf, _reason in found.damaged}
    alone = {
        name
        for leaf in names
        if leaf.startswith(PACK_PREFIX)
        and (name := saved_name(SAVE_PREFIX + leaf.removeprefix(PACK_PREFIX))) is not None
    }
    for name in sorted((alone | set(listed(storage, directory))) - told):
        manifest = save_name(name)
        if {manifest, manifest + TEMPORARY_SUFFIX} & names:
            continue
        if name in alone:
            yield name, "its manifest is gone, and without it the pack cannot be read"
        elif not storage.exists(f"{directory}/{CHECKPOINTS}/{manifest}") and (
            # look again: a running server may have deleted the save meanwhile
            name in listed(storage, directory)
        ):
            yield name, "its files are gone"


def _names(storage: Storage, place: str) -> set[str] | None:
    try:
        return set(storage.list(place))
    except (FileNotFoundError, NotADirectoryError):
        return set()
    except OSError:
        return None


def _problem(storage: Storage, path: str, pack: PackFile, *, longer: bool) -> str:
    """What is wrong with a pack, as far as that shows without reading it. Empty if nothing is. `longer`: it may have more
    bytes.
    """
    try:
        file = storage.open(path)
    except FileNotFoundError:
        return "its pack is gone"
    except PermissionError:
        return ""  # unreadable files are reported elsewhere
    except OSError as error:
        return f"its pack cannot be read: {reason_of(error)}"
    try:
        size = storage.size(file)
        begins = storage.pread(file, FILE_HEADER.size, 0)
    except OSError as error:
        return f"its pack cannot be read: {reason_of(error)}"
    finally:
        storage.close(file)
    if size < pack.size_bytes or (size > pack.size_bytes and not longer):
        return f"its pack has {size} bytes instead of {pack.size_bytes}"
    return "" if begins.startswith(MAGIC) else "its pack does not begin like a pack"


def _shared(storage: Storage, directory: str, found: FoundManifests) -> Iterator[tuple[str, str]]:
    """For saves that share packs with checkpoints: packs that are missing, cut off, or begin wrongly. Additional bytes do
    no harm.
    """
    others = [save for save in found.saves if save.name not in found.own]
    place = f"{directory}/{CHECKPOINTS}"
    names = _names(storage, place) if others else None
    if names is None:
        return
    for save in others:
        gone = [name for pack in save.packs if (name := pack_name(pack.digest)) not in names]
        if gone:
            yield save.name, f"{gone[0]}, which it needs, is gone"
        elif not save.name.startswith(BEFORE_RECOVERY):  # such a save is damaged from the beginning
            found_here = (
                _problem(storage, f"{place}/{pack_name(pack.digest)}", pack, longer=True)
                for pack in save.packs
            )
            problem = next(filter(None, found_here), "")
            if problem:
                yield save.name, problem
