"""A server that was started for one command, and has no session when that is answered, ends as tmux's does."""

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
    """End the server unless it has a session, is to stay without one (`exit-empty`), or ends already.

    Safe mode stays: its end is a step of its own, after which the next start tries the real state again.
    A server that found losses stays, too: the start after its end would find a clean stop, and nobody would be told.
    """
    if is_safe_mode or end.stopping or not report.complete:
        return
    if session_emptied.decide(engine.state, engine.live).effects:
        end.stop()
