"""Reports as plain data, for commands that show them: recovery, status, last screens, files of commands.

An answer that is in memory is given at once. An answer that must be read from disk is read on another thread. Then
the decision that needs it is made again, and finds it.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, assert_never

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.model.live import (
    AnyQuestion,
    DiskQuestion,
    FilesAsked,
    LastScreenAsked,
    LastScreensAsked,
    NotAtHand,
    RecoveriesAsked,
    StatusAsked,
)
from fuguemux.observe.clock import Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.recovery.recovery import RECOVERIES
from fuguemux.persistence.report.files import load_reports
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.report.text import report_lines, what_is_there
from fuguemux.persistence.storage.files import Storage
from fuguemux.server.clients.message_log import MessageLog
from fuguemux.server.panes import last_screen_data
from fuguemux.server.panes.last_screens import LastScreens
from fuguemux.server.requests.command_files import command_files
from fuguemux.server.storage.durability_status import DurabilityStatus
from fuguemux.server.work.file_threads import beside
from fuguemux.server.work.waits import Waits

diagnostics = channel("reports")


class Documents:
    """Answers the questions of decisions. Implements DocumentsPort and DocumentsView. Belongs to the loop."""

    def __init__(
        self,
        report: RecoveryReport,
        storage: Storage,
        directory: str,
        clock: Clock,
        last_screens: LastScreens,
        messages: MessageLog,
        durability: DurabilityStatus,
        waits: Waits,
        status: Callable[[], Awaitable[Any]],
    ) -> None:
        """`directory` is the state directory; `report` is the report of this start."""
        self._report = report
        self._storage = storage
        self._directory = directory
        self._clock = clock
        self._last_screens = last_screens
        self._messages = messages
        self._durability = durability
        self._waits = waits
        self._status = status
        self._found: Mapping[AnyQuestion, Any] = {}

    def answer(self, question: AnyQuestion) -> Any:
        """The answer that was read. Raises NotAtHand if it must be read first."""
        if question not in self._found:
            raise NotAtHand(question)
        return self._found[question]

    def messages(self) -> Sequence[tuple[int, str]]:
        """The latest messages of the server, the newest first."""
        return self._messages.newest_first()

    def panes_with_last_screens(self) -> Sequence[PaneId]:
        """The panes that have a last screen."""
        return [name.pane for name in self._last_screens.names()]

    @contextmanager
    def at_hand(self, found: Mapping[AnyQuestion, Any]) -> Iterator[None]:
        """While the context lasts, `answer` returns what was read."""
        self._found = found
        try:
            yield
        finally:
            self._found = {}

    async def read(self, question: DiskQuestion) -> Any:
        """Read the answer. Raises ServerEnds and OSError. Most problems of reading are described in the answer
        instead."""
        ends = "the server ended before a file was read: nothing was done"
        return await self._waits.until_end(self._read(question), ends)

    async def _read(self, question: DiskQuestion) -> Any:
        match question:
            case FilesAsked(directory, pattern):
                return await _files(directory, pattern)
            case RecoveriesAsked():
                return await self._recovery()
            case LastScreensAsked():
                return await last_screen_data.listed(self._last_screens)
            case LastScreenAsked(pane, recovery_ms, styled):
                return await last_screen_data.found(
                    self._last_screens, pane, recovery_ms, styled=styled
                )
            case StatusAsked():
                return await self._status()
            case _:
                assert_never(question)

    async def _stored(self) -> list[RecoveryReport]:
        storage, directory = self._storage, f"{self._directory}/{RECOVERIES}"

        def load() -> list[RecoveryReport]:
            reach("report.reading")
            return load_reports(storage, directory)

        try:
            return await beside("report", load)
        except OSError as error:  # the report of this start is in memory
            diagnostics.warning("not_read", error=error.strerror or str(error))
            return []

    async def _recovery(self) -> list[dict[str, Any]]:
        """All recoveries, the newest first, each with its text for people."""
        own = self._report
        stored = [each for each in await self._stored() if each.started_ms != own.started_ms]
        return list(map(self._plain, [own, *stored]))

    def _plain(self, report: RecoveryReport) -> dict[str, Any]:
        year, month, day, hour, minute, second, *_ = self._clock.local_time(
            report.started_ms // 1000
        )
        when = f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
        document: dict[str, Any] = msgspec.to_builtins(report)
        for pane, plain in zip(report.panes, document["panes"], strict=True):
            plain["what"] = what_is_there(pane)
        document["summary"] = report.summary
        document["lost_bytes"] = report.lost_bytes
        document["lost_ms"] = report.lost_ms
        document["complete"] = report.complete
        document["proven"] = report.proven
        document["segment"] = report.segment
        document["programs_ended"] = msgspec.to_builtins(report.programs_ended)
        document["lines"] = report_lines(report, when=when)
        document["lines_verbose"] = report_lines(report, when=when, verbose=True)
        return document

    def variable(self, name: str) -> str | None:
        """A format variable that only the server knows."""
        if name == "recovery_summary":
            return self._report.summary
        if name == "recovery_segment":
            return self._report.segment
        if name == "durability":
            return self._durability.now
        if name == "durability_reason":
            return self._durability.reason
        return None


def _read_files(directory: str, pattern: str) -> list[dict[str, Any]]:
    reach("source.reading")
    return command_files(directory, pattern)


async def _files(directory: str, pattern: str) -> list[dict[str, Any]]:
    try:
        return await beside("source-file", _read_files, directory, pattern)
    except OSError as error:
        return [{"path": pattern, "error": error.strerror or str(error)}]
