"""A server that was started for one command, and has no session when that is answered, ends as tmux's does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuguemux.reactions import session_emptied

if TYPE_CHECKING:
    from fuguemux.engine.engine import Engine
    from fuguemux.persistence.report.report import RecoveryReport
    from fuguemux.server.lifecycle import Lifecycle
    from fuguemux.server.state.safe_mode import SafeMode


def end_unneeded(
    engine: Engine, lifecycle: Lifecycle, report: RecoveryReport, safe: SafeMode | None
) -> None:
    """End the server unless it has a session, is to stay without one (`exit-empty`), or ends already.

    Safe mode stays: its end is a step of its own, after which the next start tries the real state again.
    A server that found losses stays, too: the start after its end would find a clean stop, and nobody would be told.
    """
    if safe is not None or lifecycle.stopping or not report.complete:
        return
    if session_emptied.decide(engine.state, engine.live).effects:
        lifecycle.stop()
