"""Reports as plain data, for commands that show them: recovery, status, checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery import RECOVERIES
from fuguemux.persistence.report import RecoveryReport
from fuguemux.persistence.report_files import load_reports
from fuguemux.persistence.report_text import report_lines, what_is_there
from fuguemux.server import last_screen_data, status
from fuguemux.server.command_files import command_files

if TYPE_CHECKING:
    from fuguemux.server.main import Server

diagnostics = channel("reports")


class Documents:
    """Called with a document's name and arguments. Quick, except for reading old reports from disk."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __call__(self, name: str, arguments: tuple[str, ...]) -> Any:
        """The document, or None: there is none of that name."""
        match name:
            case "messages":
                return self._server.viewers.messages.newest_first()
            case "files":
                return command_files(arguments)
            case "recovery":
                return self._recovery(arguments)
            case "variable":
                return self._variable(arguments[0])
            case "last-screens":
                return last_screen_data.listed(self._server.last_screens)
            case "panes-with-last-screens":
                return [name.pane for name in self._server.last_screens.names()]
            case "last-screen":
                return last_screen_data.found(self._server.last_screens, arguments)
            case "status":
                return status.document(self._server)
            case _:
                return None

    def _reports(self) -> list[RecoveryReport]:
        server = self._server
        directory = f"{server.booted.state_directory}/{RECOVERIES}"
        try:
            stored = load_reports(server.booted.storage, directory)
        except OSError as error:  # the report of this start is known without
            diagnostics.warning("not_read", error=error.strerror or str(error))
            return [server.report]
        others = [report for report in stored if report.started_ms != server.report.started_ms]
        return [server.report, *others]

    def _recovery(self, arguments: tuple[str, ...]) -> list[dict[str, Any]]:
        """All recoveries, newest first, each with its text for people."""
        del arguments
        found = []
        for report in self._reports():
            year, month, day, hour, minute, second, *_ = self._server.clock.local_time(
                report.started_ms // 1000
            )
            when = f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
            document = msgspec.to_builtins(report)
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
            found.append(document)
        return found

    def _variable(self, name: str) -> str | None:
        if name == "recovery_summary":
            return self._server.report.summary
        if name == "recovery_segment":
            return self._server.report.segment
        if name == "durability":
            return self._server.witness.durability
        if name == "durability_reason":
            return self._server.witness.durability_reason
        return None
