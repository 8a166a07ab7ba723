"""What happens to a pane whose process ended or could not be started."""

from functools import partial

import pytest
from msgspec.structs import replace

from fuguemux.model.events import ProcessExited, SessionDestroyed
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.state import ExitCause, Life, Options, ServerState
from fuguemux.reactions import process_exited, process_started, session_emptied, start_failed
from tests.support.builders import session, state, window
from tests.support.fake_live import NOW_MS, FakeLive
from tests.support.folding import Outcome, folded

STATE = state(session("a", window(panes=2), window()), session("b"))
LIVE = FakeLive()
PANE = PaneId(0)


def ended(
    on: ServerState = STATE,
    pane: int = 0,
    *,
    code: int | None = None,
    signal: int | None = None,
    shutdown_near: bool = False,
) -> Outcome:
    decision = process_exited.decide(
        on, LIVE, PaneId(pane), code=code, signal=signal, shutdown_near=shutdown_near
    )
    return folded(on, decision)


def with_option(options: Options) -> ServerState:
    return replace(STATE, window_options=options)


def test_the_pane_closes() -> None:
    assert sorted(ended(code=0).state.panes) == [1, 2, 3]


def test_with_the_last_pane_its_window_and_session_close() -> None:
    assert WindowId(1) not in ended(pane=2, code=0).state.windows
    assert [s.name for s in ended(pane=3, code=0).state.sessions.values()] == ["a"]


@pytest.mark.parametrize(
    ("value", "code", "signal", "stays"),
    [
        ("off", 3, None, False),
        ("on", 0, None, True),
        ("failed", 0, None, False),
        ("failed", 3, None, True),
        ("failed", None, 9, True),
        ("failed", None, None, True),
    ],
)
def test_remain_on_exit(value: str, code: int | None, signal: int | None, stays: bool) -> None:
    outcome = ended(with_option({"remain-on-exit": value}), code=code, signal=signal)
    assert (PANE in outcome.state.panes) is stays
    if stays:
        pane = outcome.state.panes[PANE]
        assert pane.life is Life.DEAD
        assert pane.exit is not None
        assert (pane.exit.code, pane.exit.signal, pane.exit.at_ms) == (code, signal, NOW_MS)


def test_a_panes_own_option_comes_first() -> None:
    pane = replace(STATE.panes[PANE], options={"remain-on-exit": "on"})
    on = replace(STATE, panes={**STATE.panes, PANE: pane})
    assert PANE in ended(on, code=0).state.panes


@pytest.mark.parametrize(
    ("code", "signal"),
    [
        (129, None),
        (137, None),
        (143, None),
        (1, None),
        (None, 1),
        (None, 9),
        (None, 15),
        (None, None),
    ],
)
def test_what_looks_like_a_shutdown_near_one_is_suspended(
    code: int | None, signal: int | None
) -> None:
    outcome = ended(code=code, signal=signal, shutdown_near=True)
    pane = outcome.state.panes[PANE]
    assert pane.life is Life.SUSPENDED
    assert pane.exit is not None
    assert pane.exit.cause is ExitCause.SHUTDOWN_SUSPECT
    assert PANE not in ended(code=code, signal=signal).state.panes


@pytest.mark.parametrize(("code", "signal"), [(0, None), (2, None), (None, 11)])
def test_what_does_not_look_like_a_shutdown_is_final_even_near_one(
    code: int | None, signal: int | None
) -> None:
    assert PANE not in ended(code=code, signal=signal, shutdown_near=True).state.panes


def test_an_end_is_told_once_and_a_closed_pane_has_none() -> None:
    suspended = ended(signal=1, shutdown_near=True).state
    assert ended(suspended, code=0).decision.events == ()
    assert ended(pane=99, code=0).decision.events == ()


def test_an_unknown_status_is_never_a_number() -> None:
    (event,) = ended(with_option({"remain-on-exit": "on"})).decision.events
    assert event == ProcessExited(PANE, None, None, ExitCause.UNKNOWN, NOW_MS)


def test_windows_are_renumbered_if_wanted() -> None:
    plan = session("a", window(), window(), options={"renumber-windows": "on", "base-index": "1"})
    outcome = ended(state(plan), code=0)
    (left,) = outcome.state.sessions.values()
    assert [link.index for link in left.links] == [1]


def test_a_process_runs() -> None:
    start = partial(process_started.decide, generation=2, pid=7, process_start=5, tty="/dev/pts/1")
    pane = folded(STATE, start(STATE, LIVE, PANE)).state.panes[PANE]
    assert (pane.life, pane.generation, pane.pid) == (Life.RUNNING, 2, 7)
    assert start(STATE, LIVE, PaneId(99)).events == ()


def test_a_pane_that_never_ran_goes_with_its_session() -> None:
    fresh = replace(STATE.panes[PaneId(3)], generation=0, life=Life.STARTING)
    on = replace(STATE, panes={**STATE.panes, fresh.id: fresh})
    decision = start_failed.decide(on, LIVE, fresh.id, "no such file")
    assert any(isinstance(event, SessionDestroyed) for event in decision.events)
    assert decision.reply.error == "create pane failed: no such file"
    assert decision.reply.exit_code == 1


def test_a_pane_that_ran_before_stays_dead() -> None:
    outcome = folded(STATE, start_failed.decide(STATE, LIVE, PANE, "no such file"))
    assert outcome.state.panes[PANE].life is Life.DEAD


def test_a_pane_that_could_not_be_started_through_no_fault_of_its_own_is_for_the_next_start() -> (
    None
):
    decision = start_failed.decide(STATE, LIVE, PANE, "the keeper is gone", again=True)
    assert folded(STATE, decision).state.panes[PANE].life is Life.SUSPENDED


def test_the_server_stops_when_the_last_session_is_gone() -> None:
    assert session_emptied.decide(STATE, LIVE).effects == ()
    assert len(session_emptied.decide(ServerState(), LIVE).effects) == 1
    kept = ServerState(server_options={"exit-empty": "off"})
    assert session_emptied.decide(kept, LIVE).effects == ()
