"""Reports what a recovery found in the log that it replayed, and what came back of each pane."""

from collections.abc import Mapping, Sequence

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.recovery.log_account import tell_log
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.recovery.replay import Replay
from fuguemux.persistence.recovery.starting_point import StartingPoint
from fuguemux.persistence.report.report import PaneReport, RecoveryReport
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
    report.replay_from_lsn = from_lsn
    report.replay_to_lsn = found.last_lsn
    report.records_replayed = replay.records
    report.events_applied = replay.events_applied
    report.events_skipped = replay.events_skipped
    report.output_bytes_replayed = replay.output_bytes
    report.last_record_ms = replay.last_ms
    tell_log(report, found, start.structure_lsn, aside)
    report.damages += replay.damages
    readable = start.manifest is not None or found.segments
    fresh = not (readable or report.damages or report.missing or aside)
    report.clean = found.clean
    report.cause = "first start" if fresh else ("clean stop" if found.clean else "no clean stop")


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
        report.panes.append(
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
