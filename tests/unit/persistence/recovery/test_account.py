"""What a recovery reports about the log that it replayed, and about each pane."""

from functools import reduce

import pytest

from fuguemux.model.apply import apply
from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.recovery.account import tell_panes, tell_replay
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.recovery.replay import Replay
from fuguemux.persistence.recovery.starting_point import StartingPoint
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from tests.simulation.disk import SimDisk
from tests.support.small_server import new_session
from tests.unit.persistence.wal.logs import fill, new_disk, read, start

NOTHING = StartingPoint(None, ServerState(), 0)


def told(disk: SimDisk) -> RecoveryReport:
    report = RecoveryReport(started_ms=1)
    log = read(disk)[1]
    tell_replay(report, NOTHING, Replay(ServerState(), 0, {}, None), log, 1, [])
    return report


@pytest.mark.parametrize(
    ("ending", "cause"),
    [("none", "first start"), ("clean", "clean stop"), ("crash", "no clean stop")],
)
def test_the_cause_tells_how_the_server_before_ended(ending: str, cause: str) -> None:
    disk = new_disk()
    if ending != "none":
        writer = start(disk)
        fill(writer, 3)
        if ending == "clean":
            assert writer.close()
    report = told(disk)
    assert (report.cause, report.clean) == (cause, ending == "clean")
    assert (report.replay_from_lsn, report.replay_to_lsn) == (1, 0 if ending == "none" else 3)


def test_each_pane_is_named_by_its_session_and_window() -> None:
    report = RecoveryReport(started_ms=1)
    state = reduce(apply, new_session(ServerState()), ServerState())
    pane = RecoveredPane(PaneId(0), 80, 24)
    pane.problem = "its screen is damaged"
    tell_panes(report, state, {PaneId(0): pane}, ScrollbackStore(PackReader(new_disk(), "state")))
    (line,) = report.panes
    (session,) = state.sessions.values()
    assert (line.session, line.window) == (session.name, session.links[0].index)
    assert (line.reason, line.lost_bytes, line.scrollback_lines) == (pane.problem, 0, 0)
