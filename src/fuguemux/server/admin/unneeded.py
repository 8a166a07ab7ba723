"""Ends a server that was started for one command, if it has no session after the command. tmux's server does the
same."""

from typing import Protocol

from fuguemux.engine.engine import Engine
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.reactions import session_emptied


class EndingPort(Protocol):
    """The end of the server."""

    @property
    def stopping(self) -> bool: ...

    def stop(self) -> None: ...


def end_unneeded(
    engine: Engine, end: EndingPort, report: RecoveryReport, *, is_safe_mode: bool
) -> None:
    """End the server, unless it has a session, is configured to stay without one (`exit-empty`), or is ending
    already.

    A server in safe mode stays: only an explicit end of safe mode lets the next start try the real state again.

    A server that found losses stays, too. Otherwise the next start would find a clean stop, and no user would be told
    of the losses.
    """
    if is_safe_mode or end.stopping or not report.complete:
        return
    if session_emptied.decide(engine.state, engine.live).effects:
        end.stop()
