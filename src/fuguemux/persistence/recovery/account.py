"""Reports what a recovery found in the log that it replayed, and what came back of each pane."""

from collections.abc import Mapping, Sequence

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.recovery.log_account import tell_log
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.recovery.replay import Replay
from fuguemux.persistence.recovery.starting_point import StartingPoint
from fuguemux.persistence.report.parts import PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.wal.quarantine import SetAside
from fuguemux.persistence.wal.reader import LogScan


def tell_replay(
    report: RecoveryReport,
    start: StartingPoint,
    replay: Replay,
    log: LogScan,
    from_lsn: int,
    aside: Sequence[SetAside],
) -> None:
    """Add to the report what was replayed from `from_lsn` on, what is missing in the log, and how the server before this
    one ended.
    """
    found = log.report
    report.replayed(from_lsn, found.last_lsn, replay.records, replay.last_ms)
    report.applied(replay.events_applied, replay.events_skipped, replay.output_bytes)
    tell_log(report, found, start.structure_lsn, aside)
    report.damaged(*replay.damages)
    readable = start.manifest is not None or found.segments
    fresh = not (readable or report.damages or report.missing or aside)
    cause = "first start" if fresh else ("clean stop" if found.clean else "no clean stop")
    report.server_ended(cause, clean=found.clean)


def tell_panes(
    report: RecoveryReport,
    state: ServerState,
    panes: Mapping[PaneId, RecoveredPane],
    store: ScrollbackStore,
) -> None:
    """Add to the report what came back of each pane of `state`, and what is missing of it."""
    places = {
        link.window: (session.name, link.index)
        for session in state.sessions.values()
        for link in session.links
    }
    for number, recovered in sorted(panes.items()):
        session, index = places.get(state.panes[number].window, ("", 0))
        report.add_pane(
            PaneReport(
                number,
                session=session,
                window=index,
                reason=recovered.problem,
                replayed_bytes=recovered.output_bytes,
                scrollback_lines=len(store.pane(number)),
                lost_bytes=recovered.lost_bytes,
                lost_lines=recovered.lost_lines(),
                lost_from=recovered.lost_from,
                lost_to=recovered.lost_to,
                lost_before_ms=recovered.lost_before_ms,
                lost_since_ms=recovered.lost_since_ms,
            )
        )
