"""Background work after a start: loads modules, copies saves of earlier versions, and reads scrollback.

Saves of earlier versions share packs with the living store; a copy is independent of it. Modules that the start did
not need are loaded first. Otherwise the loop would wait for their files when one is needed.
"""

import asyncio
import contextlib
import importlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.checkpoint.manifest import Manifest, save_name
from fuguemux.persistence.checkpoint.retention import retire
from fuguemux.persistence.checkpoint.saves import stands_alone
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.recovery.point_in_time import is_part
from fuguemux.persistence.recovery.recovery import BEFORE_RECOVERY
from fuguemux.persistence.scrollback.packs import PackDamaged

LOADED_LATER: Final = ("re2", "difflib")

diagnostics = channel("saves")


async def run(
    series: CheckpointSeries,
    directory: str,
    turn: asyncio.Lock,
    scrub: Callable[[], Awaitable[None]],
) -> None:
    """Do the background work, then call `scrub`, which reads the scrollback at intervals until cancelled.

    `directory` is the state directory. The lock `turn` is held by any task that changes the files of checkpoints.
    """
    with contextlib.suppress(ImportError):  # reported by the part that needs the module
        await asyncio.to_thread(_load_modules)
    await _copy_saves(series, directory, turn)
    await scrub()


def _load_modules() -> None:
    for name in LOADED_LATER:
        importlib.import_module(name)


async def _copy_saves(series: CheckpointSeries, directory: str, turn: asyncio.Lock) -> None:
    """Copy saves, one after the other. A save that cannot be copied stays as it is, and is tried again after the next
    start."""
    for save in list(series.saves):
        # A closed session has a pack of its own. A save from before a recovery may lack packs, and stays as it is.
        if is_part(save) or save.name.startswith(BEFORE_RECOVERY):
            continue
        async with turn:
            whole = partial(stands_alone, series.storage, directory, save.name)
            if await asyncio.to_thread(whole) or save not in series.saves:
                continue
            try:
                copy = await asyncio.to_thread(_copied, series, save)
            except (OSError, PackDamaged) as error:
                diagnostics.warning("save_not_copied", name=save.name, error=str(error))
            else:
                series.saves = [copy if each is save else each for each in series.saves]
                diagnostics.info("save_copied", name=save.name, bytes=copy.new_bytes)


def _copied(series: CheckpointSeries, save: Manifest) -> Manifest:
    copy = series.keep(save, save.name)
    retire(series.storage, series.directory, save_name(save.name))
    series.storage.fsync_directory(series.directory)
    return copy
