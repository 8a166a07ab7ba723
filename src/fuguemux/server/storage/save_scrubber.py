"""Reads saves and closed sessions now and then, slowly, to report damage while other copies may still exist."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.checkpoint.manifest import ManifestUnsupported
from fuguemux.persistence.checkpoint.save_check import told_as
from fuguemux.persistence.checkpoint.save_reading import SaveReading, to_read
from fuguemux.persistence.checkpoint.saves import find_all
from fuguemux.persistence.report.parts import Damage
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import Storage

PAUSE_SECONDS: Final = 0.05
"""The pause between two slices of `save_reading.READ_BYTES`, so that at most 5 MiB a second are read."""

diagnostics = channel("saves")


class SaveScrubber:
    """Belongs to the loop; reads on a thread."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        report: RecoveryReport,
        announce: Callable[[str], None],
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        """`directory` is the state directory. Damage goes to `report`, `announce` tells people, and `changed` is awaited."""
        self._storage = storage
        self._directory = directory
        self._report = report
        self._announce = announce
        self._changed = changed

    async def run(self) -> None:
        """Read all saves that exist now. Raises no error of the disk."""
        try:
            found = await asyncio.to_thread(find_all, self._storage, self._directory)
        except (OSError, ManifestUnsupported) as error:
            diagnostics.warning("not_read", error=str(error))
            return
        for save in to_read(found):
            reading = SaveReading(self._storage, self._directory, found, save)
            try:
                more = True
                while more:
                    more = await asyncio.to_thread(reading.some)
                    await asyncio.sleep(PAUSE_SECONDS)
                problem = await asyncio.to_thread(reading.problem)
            finally:
                reading.close()
            if problem:
                await self._tell(save.name, problem)

    async def _tell(self, name: str, problem: str) -> None:
        what = told_as(name)
        if any(damage.what == what for damage in self._report.damages):
            return
        self._report.damaged(Damage(what, problem))
        diagnostics.warning("damaged", name=name, reason=problem)
        self._announce(f"{what} is damaged: see fugue recovery")
        await self._changed()
