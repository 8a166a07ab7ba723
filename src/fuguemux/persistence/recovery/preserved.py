"""What a start does with saves: it checks that they exist, and saves the state from before a recovery with losses."""

import contextlib
from typing import Final

import msgspec

from fuguemux.persistence.checkpoint import save_check
from fuguemux.persistence.checkpoint.manifest import encode_manifest, save_name, saved_name
from fuguemux.persistence.checkpoint.retention import FoundManifests, retire
from fuguemux.persistence.checkpoint.save_check import BEFORE_RECOVERY as BEFORE_RECOVERY
from fuguemux.persistence.checkpoint.save_check import OF_A_CLOSED_SESSION, OF_A_SAVE, told_as
from fuguemux.persistence.checkpoint.saves import SAVES, has_files
from fuguemux.persistence.recovery.aside import Aside
from fuguemux.persistence.recovery.point_in_time import is_part
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.storage.whole_files import write_atomically

PRESERVED_MAX: Final = 3
"""How many states from before a recovery with losses are kept."""


def look_at_saves(place: tuple[Storage, str], found: FoundManifests, aside: Aside) -> None:
    """Report which saves and closed sessions are gone or cut. One that only the list names is reported once.

    `place` is the state directory. Closed sessions that an earlier version kept are added to the list.
    """
    storage, directory = place
    bad = dict(save_check.problems(storage, directory, found))
    for name, reason in bad.items():
        aside.damaged(told_as(name), reason)
    if aside.read_only or save_check.list_is_damaged(storage, directory):
        # a damaged list is set aside and reported by this start, and created again by the next
        return
    known = {save.name for save in found.saves}
    gone = [n for n in bad if n not in known and not has_files(storage, directory, n)]
    moved = [saved_name(leaf) or "" for leaf, _reason in found.damaged]
    closed = [save.name for save in found.saves if is_part(save)]
    save_check.note(storage, directory, add=closed, remove=[*gone, *moved])


def preserve(
    storage: Storage, checkpoints: str, report: RecoveryReport, found: FoundManifests
) -> None:
    """Save the state from before a recovery with losses, because more of it may be recoverable. Raises nothing.

    Does nothing if only saves are damaged, since a copy of the present state would not help. `checkpoints` is their
    directory.
    """
    of_saves = (OF_A_SAVE, OF_A_CLOSED_SESSION, f"{SAVES}/")
    only_saves = all(damage.what.startswith(of_saves) for damage in report.damages)
    if not found.manifests or (only_saves and not report.lost_live):
        return
    earlier = sorted(m.name for m in found.saves if m.name.startswith(BEFORE_RECOVERY))
    for name in earlier[: len(earlier) + 1 - PRESERVED_MAX]:
        with contextlib.suppress(OSError):
            retire(storage, checkpoints, save_name(name))
        found.saves[:] = [save for save in found.saves if save.name != name]
    name = f"{BEFORE_RECOVERY}{report.started_ms}"
    save = msgspec.structs.replace(found.manifests[0], name=name)
    try:
        write_atomically(storage, checkpoints, save_name(name), [encode_manifest(save)])
    except OSError as error:
        report.remark(f"the state before this start could not be kept: {reason_of(error)}")
        return
    found.saves.append(save)
    report.remark(f"the state before this start is kept: fugue state restore --at {name}")
