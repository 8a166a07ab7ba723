"""The commands respawn-pane and respawn-window."""

import pytest
from msgspec.structs import replace

from fuguemux.commands import respawn_pane, respawn_window
from fuguemux.config.secrets import MARK
from fuguemux.model.decision import Refused
from fuguemux.model.effects import StartProcess
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.layout import leaf
from fuguemux.model.state import Life, ServerState
from tests.support.builders import session, state, window
from tests.support.folding import run

STATE = state(session("a", window(panes=2)))


def dead(on: ServerState, *panes: int) -> ServerState:
    changed = {p: replace(on.panes[p], life=Life.DEAD) for p in map(PaneId, panes)}
    return replace(on, panes={**on.panes, **changed})


def test_what_runs_is_not_started_again_unless_killed() -> None:
    with pytest.raises(Refused, match=r"^respawn pane failed: pane a:0.0 still active$"):
        run(respawn_pane.COMMAND, STATE)
    with pytest.raises(Refused, match=r"^respawn window failed: window a:0 still active$"):
        run(respawn_window.COMMAND, dead(STATE, 0))
    outcome = run(respawn_pane.COMMAND, STATE, "-k", "-t", ".1")
    assert outcome.effects == (StartProcess(PaneId(1)),)
    assert outcome.state.panes[PaneId(1)].life is Life.STARTING


def test_a_dead_pane_starts_with_other_words_or_its_own() -> None:
    on = dead(STATE, 0)
    same = run(respawn_pane.COMMAND, on).state.panes[PaneId(0)]
    assert (same.argv, same.cwd) == ((), b"/home/user")
    other = run(respawn_pane.COMMAND, on, "-c", "/srv", "-e", "A=1", "vim", "x")
    pane = other.state.panes[PaneId(0)]
    assert (pane.argv, pane.cwd, pane.environment) == ((b"vim", b"x"), b"/srv", {b"A": b"1"})


def test_a_window_starts_again_with_its_first_pane() -> None:
    outcome = run(respawn_window.COMMAND, STATE, "-k", "sleep 44")
    assert outcome.state.windows[WindowId(0)].layout == leaf(PaneId(0), 80, 24)
    assert outcome.state.panes[PaneId(0)].argv == (b"sleep 44",)
    assert outcome.effects == (StartProcess(PaneId(0)),)


def test_a_command_whose_secret_is_not_stored_is_not_started_without_it() -> None:
    line = (f"mysql -p{MARK} shop".encode(),)
    on = dead(STATE, 0)
    on = replace(on, panes={**on.panes, PaneId(0): replace(on.panes[PaneId(0)], argv=line)})
    with pytest.raises(Refused, match=r"a secret in the pane's command is not stored: .* mysql"):
        run(respawn_pane.COMMAND, on)
    given = run(respawn_pane.COMMAND, on, "mysql -pnew shop").state.panes[PaneId(0)]
    assert given.argv == (b"mysql -pnew shop",)
    waits = replace(on.panes[PaneId(0)], life=Life.SUSPENDED)
    outcome = run(respawn_pane.COMMAND, replace(on, panes={**on.panes, PaneId(0): waits}))
    assert outcome.effects == (StartProcess(PaneId(0)),), "Enter: it gets a shell"
