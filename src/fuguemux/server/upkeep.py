"""What is done in the background for what is stored: saves of earlier versions are copied, and scrollback is read.

Those saves share packs with the living store; a copy stands for itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.manifest import Manifest, save_name
from fuguemux.persistence.packs import PackDamaged
from fuguemux.persistence.point_in_time import is_part
from fuguemux.persistence.recovery import BEFORE_RECOVERY
from fuguemux.persistence.retention import retire
from fuguemux.persistence.saves import stands_alone

if TYPE_CHECKING:
    from fuguemux.server.main import Server

diagnostics = channel("saves")


async def run(server: Server) -> None:
    """Both, after a start, and the second at intervals until cancelled."""
    await _copy_saves(server)
    await server.witness.scrubber.run()


async def _copy_saves(server: Server) -> None:
    """One at a time. One that cannot be copied stays as it is, and is tried again after the next start."""
    series, directory = server.series, server.booted.state_directory
    for save in list(series.saves):
        # A closed session has a pack of its own; what was there before a recovery is damaged as it is.
        if is_part(save) or save.name.startswith(BEFORE_RECOVERY):
            continue
        async with server.checkpointer.turn:
            if save not in series.saves or stands_alone(series.storage, directory, save.name):
                continue
            try:
                copy = await asyncio.to_thread(_copied, server, save)
            except (OSError, PackDamaged) as error:
                diagnostics.warning("save_not_copied", name=save.name, error=str(error))
            else:
                series.saves = [copy if each is save else each for each in series.saves]
                diagnostics.info("save_copied", name=save.name, bytes=copy.new_bytes)


def _copied(server: Server, save: Manifest) -> Manifest:
    series = server.series
    copy = series.keep(save, save.name)
    retire(series.storage, series.directory, save_name(save.name))
    series.storage.fsync_directory(series.directory)
    return copy
