"""Decides what a signal that asks the keeper to end leads to. Pure decisions on given times, and a line for people."""

from __future__ import annotations

import signal

from fuguemux.keeper.diagnostics import KeeperDiagnostics
from fuguemux.keeper.protocol import ExitStatus
from fuguemux.keeper.requests import HeldPanes
from fuguemux.keeper.supervisor import Supervisor

SECONDS_MAX = 10.0
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class KeeperEnding:
    """In the foreground, where a supervisor watches the keeper, it obeys and ends the server first. Otherwise programs go
    on.

    At a shutdown the server is asked as well. It saves everything and ends, and the keeper ends with it.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        panes: HeldPanes,
        diagnostics: KeeperDiagnostics,
        *,
        obeys: bool,
    ) -> None:
        self._supervisor = supervisor
        self._panes = panes
        self._diagnostics = diagnostics
        self._obeys = obeys
        self._asked_s = -1e9
        self.deadline: float | None = None
        """When the keeper ends, whatever the server does. None if it was not asked, or does not obey."""

    def asked(self, now: float) -> bool:
        """The keeper is asked to end. Returns whether it is to end at once."""
        self._asked_s = now
        if self._obeys:
            self._diagnostics.note("asked to terminate")
            self.deadline = now + SECONDS_MAX
            return not self._supervisor.terminate()
        server = self._supervisor.pid
        if server or self._panes.running():
            who = f"process {server}" if server else "there is none now"
            self._diagnostics.note(
                "asked to end, and does not: programs run here. `fugue kill-server` ends everything; "
                f"SIGTERM to the server ({who}) saves everything and ends it"
            )
        return False

    def over(self) -> bool:
        """Whether the keeper was asked to end, and neither a server nor a program is left that needs it."""
        gone = not self._supervisor.pid and self._supervisor.due is None
        return self._asked_s > 0 and gone and not self._panes.running()

    def includes(self, status: ExitStatus, now: float) -> bool:
        """Whether the request to end also ended the server: then the keeper ends with it, and starts no other one."""
        both = status.signal in ENDING_SIGNALS and now - self._asked_s < SECONDS_MAX
        return both or self.deadline is not None
