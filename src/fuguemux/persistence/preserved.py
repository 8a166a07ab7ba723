"""What a start does with saves: it looks whether they are there, and keeps what there was before a recovery with losses."""

import contextlib
from typing import Final

import msgspec

from fuguemux.persistence import save_check
from fuguemux.persistence.aside import Aside
from fuguemux.persistence.files import Storage, reason_of, write_atomically
from fuguemux.persistence.manifest import encode_manifest, save_name
from fuguemux.persistence.report import RecoveryReport
from fuguemux.persistence.retention import Found, retire
from fuguemux.persistence.saves import SAVES, has_files

BEFORE_RECOVERY: Final = "before-recovery-"
PRESERVED_MAX: Final = 3
"""How many states from before a recovery with losses are kept."""
OF_A_SAVE: Final = "what was saved as "


def look_at_saves(place: tuple[Storage, str], found: Found, aside: Aside) -> None:
    """Say which saves are gone or cut; one that only a list names is told this once. `place`: the state directory."""
    storage, directory = place
    bad = dict(save_check.problems(storage, directory, found))
    for name, reason in bad.items():
        aside.damaged(f"{OF_A_SAVE}{name}", reason)
    gone = [name for name in bad if not has_files(storage, directory, name)]
    if gone and not aside.read_only:
        save_check.note(storage, directory, remove=gone)


def preserve(storage: Storage, checkpoints: str, report: RecoveryReport, found: Found) -> None:
    """Keep what there was before a recovery with losses: somebody may get more out of it. Raises nothing.

    Not where nothing but saves is damaged: a copy of the present would not help. `checkpoints`: their directory.
    """
    of_saves = (OF_A_SAVE, f"{SAVES}/")
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
        report.notes.append(f"what was there before could not be preserved: {reason_of(error)}")
        return
    found.saves.append(save)
    report.notes.append(f"what was there before is kept: fugue state restore --at {name}")
