"""A few seeds of the checkpoint simulation in every run. `python -m tests.simulation.run_checkpoints` runs many."""

import os
from dataclasses import fields
from pathlib import Path

import pytest

from fuguemux.model import events as ev
from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.storage.files import RealStorage
from tests.simulation.checkpoint_world import Outcome, simulate
from tests.support.small_server import SmallServer, Truth, differences, new_session

CHUNKS = 8
SEEDS_PER_CHUNK = 12


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_promise_is_broken(chunk: int) -> None:
    total = Outcome()
    for seed in range(chunk * SEEDS_PER_CHUNK, (chunk + 1) * SEEDS_PER_CHUNK):
        outcome = simulate(seed)
        for each in fields(Outcome):
            if each.name != "trace":
                value = getattr(total, each.name) + getattr(outcome, each.name)
                setattr(total, each.name, value)
    # The faults do happen.
    assert total.checkpoints > 50
    assert total.crashes_in_checkpoints
    assert total.failed_checkpoints
    assert total.from_checkpoint
    assert total.rotted


@pytest.mark.parametrize(("pane_to", "lines"), [(2, 6), (3, 0)])
def test_a_cleared_history_whose_log_was_lost_is_there_again(pane_to: int, lines: int) -> None:
    """A checkpoint without a log knows of the clearing, and has the pane as it was before: the truth is what it has."""
    truth, pane = Truth(), PaneId(0)
    truth.events[1] = list(new_session(ServerState(), 20, 4))
    truth.outputs[2] = (pane, b"a line\n" * 9)
    truth.events[3] = [ev.HistoryCleared(pane)]
    truth.forget_lost(3, lambda _pane: pane_to)
    _state, panes = truth.rebuilt()
    assert len(panes[pane][0]) == lines


def test_where_a_line_is_may_be_open_and_what_it_says_is_not(tmp_path: Path) -> None:
    """The log is lost, and with it a size that a pane had for a while: a line is on the screen or in the history."""
    server = SmallServer(RealStorage(), str(tmp_path / "state"), Truth(), entropy=os.urandom)
    server.commit(*new_session(server.state, 20, 4))
    pane = PaneId(0)
    server.output(pane, b"one\ntwo\nthree")
    assert differences(server) == []
    server.terminals[pane].terminal.resize(20, 1)
    assert differences(server) != []
    assert differences(server, [pane]) == []
    server.terminals[pane].terminal.feed(b"!")
    assert differences(server, [pane]) != []
