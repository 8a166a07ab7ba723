"""Applying events after lost records: with tombstones and skipped events, without an exception, and with a consistent
state."""

from hypothesis import given
from hypothesis import strategies as st

from fuguemux.model import events as ev
from fuguemux.model.apply import apply, apply_after_gap
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.invariants import violations
from fuguemux.model.layout import leaf, panes_of, split
from fuguemux.model.state import Life, ServerState
from fuguemux.persistence.recovery.soundness import made_sound
from tests.support.builders import session, state, window


def test_an_event_that_follows_is_applied_as_ever() -> None:
    event = ev.SessionCreated(SessionId(0), "work", b"/", 1)
    after, followed = apply_after_gap(ServerState(), event)
    assert followed
    assert after == apply(ServerState(), event)


def test_a_layout_with_unknown_panes_gives_them_tombstones() -> None:
    built = state(session("work", window("w")))
    number, known = next(iter(built.windows.items()))
    pane = known.active
    layout = split(known.layout, pane, "row", PaneId(40))
    after, followed = apply_after_gap(built, ev.LayoutChanged(number, layout))
    assert not followed
    assert panes_of(after.windows[number].layout) == (pane, 40)
    assert after.panes[PaneId(40)].life is Life.SUSPENDED
    assert after.next_pane == 41


def test_a_window_of_an_unknown_session_gets_one() -> None:
    event = ev.WindowCreated(
        WindowId(5), "w", SessionId(3), 0, PaneId(9), leaf(PaneId(9), 80, 24), 1, cwd=b"/tmp"
    )
    after, followed = apply_after_gap(ServerState(), event)
    assert not followed
    assert [s.name for s in after.sessions.values()] == ["lost-3"]
    assert after.panes[PaneId(9)].cwd == b"/tmp"


numbers = st.integers(0, 4)
some_events = st.one_of(
    st.builds(ev.SessionRenamed, numbers, st.text(max_size=3)),
    st.builds(ev.SessionDestroyed, numbers),
    st.builds(ev.WindowUnlinked, numbers, numbers),
    st.builds(ev.WindowMoved, numbers, numbers, numbers),
    st.builds(ev.WindowSelected, numbers, numbers),
    st.builds(ev.WindowRenamed, numbers, st.text(max_size=3)),
    st.builds(ev.PaneActivated, numbers, numbers),
    st.builds(ev.PaneTitled, numbers, st.text(max_size=3)),
    st.builds(ev.ZoomChanged, numbers, st.booleans()),
    st.builds(ev.LayoutChanged, numbers, st.builds(leaf, numbers, st.just(80), st.just(24))),
    st.builds(ev.PaneRemoved, numbers, numbers, st.builds(leaf, numbers, st.just(80), st.just(24))),
    st.builds(ev.SessionCreated, numbers, st.text(max_size=2), st.just(b"/"), numbers),
    st.builds(
        ev.WindowCreated,
        numbers,
        st.just("w"),
        numbers,
        numbers,
        numbers,
        st.builds(leaf, numbers, st.just(80), st.just(24)),
        numbers,
    ),
)


@given(st.lists(some_events, max_size=30))
def test_whatever_comes_behind_a_gap_ends_in_a_sound_state(events: list[ev.AnyEvent]) -> None:
    reached = state(session("work", window("w")))
    for event in events:
        reached, _ = apply_after_gap(reached, event)
    assert list(violations(made_sound(reached))) == []
