"""Stores the report of this start on disk, and stores it again whenever it changes."""

import asyncio
from collections.abc import Callable

from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.recovery import RECOVERIES
from fuguemux.persistence.report.files import save_report
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import Storage
from fuguemux.server.recovery import recovery_notice

diagnostics = channel("server")


class KeptReport:
    """Belongs to the loop."""

    def __init__(
        self,
        report: RecoveryReport,
        storage: Storage,
        directory: str,
        publish: Callable[[str], None],
        *,
        is_kept: bool,
    ) -> None:
        """`directory` is the state directory. `publish` receives the summary for formats.

        `is_kept`: whether later changes are stored. It is False for a server that runs without its state.
        """
        self.report = report
        self._storage = storage
        self._directory = directory
        self._publish = publish
        self._is_kept = is_kept
        self._turn = asyncio.Lock()

    async def save(self) -> None:
        """Store the report as it is now. A disk that refuses raises nothing."""
        async with self._turn:
            await asyncio.to_thread(self.save_now)

    def save_now(self) -> None:
        """As `save`. Blocks."""
        try:
            save_report(self._storage, f"{self._directory}/{RECOVERIES}", self.report)
        except OSError as error:  # for example a full disk: the report is in memory, and the sessions are unaffected
            diagnostics.warning("report_not_saved", error=str(error))

    async def changed(self) -> None:
        """Publish and store the report after a change."""
        self._publish(self.report.summary)
        if self._is_kept:
            await self.save()

    async def find_untold(self) -> None:
        """Add losses of earlier starts of which no user was told."""
        await asyncio.to_thread(
            recovery_notice.find_untold, self.report, self._storage, self._directory
        )
