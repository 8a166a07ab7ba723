"""Panes that a recovery found in the log and that the state does not have."""

import random

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.recovery.orphans import taken_out
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from tests.simulation.disk import SimDisk


def recovered(number: int, *, known: bool) -> RecoveredPane:
    pane = RecoveredPane(PaneId(number), 80, 24)
    pane.known = known
    return pane


def test_closed_panes_go_and_unknown_ones_are_told_of() -> None:
    panes = {PaneId(1): recovered(1, known=True), PaneId(6): recovered(6, known=False)}
    report = RecoveryReport(1)
    store = ScrollbackStore(PackReader(SimDisk(random.Random(1)), "/checkpoints"))
    state, orphans = taken_out(panes, ServerState(next_pane=2), store, report)
    assert panes == {}
    assert list(orphans) == [6]
    assert state.next_pane == 7, "no other pane gets a number that the log has output of"
    assert report.notes == ["%6: 0 bytes of output, and nothing says where it belongs"]


def test_without_any_the_numbers_stay() -> None:
    store = ScrollbackStore(PackReader(SimDisk(random.Random(1)), "/checkpoints"))
    before = ServerState(next_pane=2)
    state, orphans = taken_out(
        {PaneId(1): recovered(1, known=True)}, before, store, RecoveryReport(1)
    )
    assert (state, orphans) == (before, {})
