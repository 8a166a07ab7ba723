"""Floating panes in the state: where they are shown, which panes a window has, and what events do to them."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fuguemux.model import events as ev
from fuguemux.model.apply import EventRefused, apply, apply_after_gap
from fuguemux.model.closing import close_panes, never_renumber
from fuguemux.model.floating import Floating, fitted, framed
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.invariants import violations
from fuguemux.model.layout import Rectangle, leaf, panes_of, resize, split
from fuguemux.model.layout_strings import checksum, window_layout_string
from fuguemux.model.pane_places import pane_sizes
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import depth, pane_rectangle, panes_in, zoomed_pane
from fuguemux.persistence.recovery.soundness import made_sound
from tests.support.builders import session, state, window

W = WindowId(0)
A, B, F, G = PaneId(0), PaneId(1), PaneId(2), PaneId(3)
UPPER = Floating(G, 40, 4, 20, 5)
LOWER = Floating(F, 4, 2, 40, 6)
TILED = state(session("work", window(panes=2)))


def added(before: ServerState, *floating: Floating, zoomed: bool = False) -> ServerState:
    return apply(
        before, ev.FloatingPaneAdded(W, floating[0].pane, floating, 1, (b"top",), zoomed=zoomed)
    )


BOTH = added(added(TILED, LOWER), UPPER, LOWER)


def test_floating_panes_have_the_last_indices_and_places_of_their_own() -> None:
    made = BOTH.windows[W]
    assert panes_in(made) == (A, B, F, G)
    assert panes_of(made.layout) == (A, B)
    assert pane_rectangle(made, F) == Rectangle(4, 2, 40, 6)
    assert pane_sizes(ServerState(), made) == {A: (40, 24), B: (39, 24), F: (40, 6), G: (20, 5)}
    assert [depth(made, pane) for pane in (G, F, A, B)] == [0, 1, 2, 3]
    assert list(violations(BOTH)) == []


def test_layout_strings_have_them_in_order_of_depth() -> None:
    text = window_layout_string(BOTH.windows[W])
    assert text[5:] == "80x24,0,0{40x24,0,0,0,39x24,41,0,1}<20x5,40,4,3,40x6,4,2,2>"
    assert int(text[:4], 16) == checksum(text[5:])


def test_the_active_one_is_in_front() -> None:
    after = apply(BOTH, ev.PaneActivated(W, F))
    assert [each.pane for each in after.windows[W].floating] == [F, G]
    behind = apply(after, ev.PanesPlaced(W, after.windows[W].layout, (UPPER, LOWER)))
    assert behind.windows[W].active == F
    assert behind.windows[W].floating == (UPPER, LOWER)
    again = apply(behind, ev.PaneActivated(W, F))
    assert again.windows[W].floating == (LOWER, UPPER)


def test_in_a_smaller_window_they_are_inside_and_return_with_its_size() -> None:
    small = apply(BOTH, ev.LayoutChanged(W, resize(BOTH.windows[W].layout, 30, 8)))
    assert pane_rectangle(small.windows[W], F) == Rectangle(1, 1, 28, 6)
    assert pane_rectangle(small.windows[W], G) == Rectangle(9, 2, 20, 5)
    large = apply(small, ev.LayoutChanged(W, resize(small.windows[W].layout, 80, 24)))
    assert pane_rectangle(large.windows[W], F) == Rectangle(4, 2, 40, 6)


@given(*(st.integers(-90, 90),) * 2, *(st.integers(1, 90),) * 4, st.sampled_from(("", "none")))
def test_they_are_never_outside(
    x: int, y: int, wide: int, high: int, columns: int, rows: int, lines: str
) -> None:
    pane = Floating(F, x, y, wide, high, lines)
    shown = fitted(pane, columns, rows)
    assert min(shown[2:]) >= 1
    assert (shown.x >= 0, shown.y >= 0) == (True, True)
    assert (shown.x + shown.columns <= columns, shown.y + shown.rows <= rows) == (True, True)
    if columns > 2 and rows > 2:
        frame = framed(pane, shown)
        assert (min(frame.x, frame.y) >= 0) is True
        assert (frame.x + frame.columns <= columns, frame.y + frame.rows <= rows) == (True, True)


def test_one_that_is_tiled_remembers_its_place() -> None:
    layout = split(BOTH.windows[W].layout, A, "column", F)
    after = apply(BOTH, ev.PanesPlaced(W, layout, (UPPER,)))
    assert after.windows[W].floating == (UPPER,)
    assert after.panes[F].floated == (4, 2, 40, 6)
    assert list(violations(after)) == []


def test_events_that_do_not_fit_are_refused() -> None:
    layout = BOTH.windows[W].layout
    for floating in ((UPPER,), (UPPER, LOWER, LOWER), (UPPER, LOWER, Floating(A, 1, 1, 5, 5))):
        with pytest.raises(EventRefused):
            apply(BOTH, ev.PanesPlaced(W, layout, floating))
    with pytest.raises(EventRefused):
        added(BOTH, UPPER)
    with pytest.raises(EventRefused):
        added(TILED, LOWER, UPPER)


def test_a_removed_one_leaves_the_layout_as_it_is() -> None:
    active = apply(BOTH, ev.PaneActivated(W, F))
    after = apply(active, ev.PaneRemoved(W, F, active.windows[W].layout))
    assert panes_in(after.windows[W]) == (A, B, G)
    assert after.windows[W].active == A


def test_when_the_last_tiled_pane_closes_the_front_one_has_the_window() -> None:
    events = close_panes(BOTH, BOTH.windows[W], {A, B}, never_renumber)
    after = reduce(apply, events, BOTH)
    made = after.windows[W]
    assert (made.layout, made.floating) == (leaf(G, 80, 24), (LOWER,))
    assert list(violations(after)) == []


def test_floating_ones_that_close_together_with_the_last_tiled_one_are_not_tiled_before() -> None:
    events = close_panes(BOTH, BOTH.windows[W], {A, B, G}, never_renumber)
    after = reduce(apply, events, BOTH)
    assert after.windows[W].layout == leaf(F, 80, 24)
    assert list(violations(after)) == []


def test_one_above_zoom_leaves_another_pane_zoomed() -> None:
    zoomed = apply(TILED, ev.ZoomChanged(W, True))
    above = replace(LOWER, above_zoom=True)
    after = apply(added(zoomed, above, zoomed=True), ev.PaneActivated(W, F))
    made = after.windows[W]
    assert zoomed_pane(made) == A
    assert pane_sizes(ServerState(), made)[A] == (80, 24)
    assert pane_sizes(ServerState(), made)[F] == (40, 6)
    assert window_layout_string(made, visible=True)[5:] == "80x24,0,0,0<40x6,4,2,2>"


def test_behind_lost_records_the_state_stays_consistent() -> None:
    layout = split(leaf(A, 80, 24), A, "row", PaneId(40))
    for event in (
        ev.PanesPlaced(W, layout, (LOWER, Floating(PaneId(41), 1, 1, 5, 5))),
        ev.PanesPlaced(W, layout, (LOWER,)),
        ev.PaneRemoved(W, G, layout),
        ev.FloatingPaneAdded(W, PaneId(9), (UPPER,), 1),
    ):
        after, followed = apply_after_gap(BOTH, event)
        assert not followed
        assert list(violations(made_sound(after))) == []
        assert list(violations(after)) == []


def test_what_is_unsound_is_put_right() -> None:
    made = BOTH.windows[W]
    wrong = replace(
        made, floating=(UPPER, LOWER, replace(LOWER, pane=A), replace(UPPER, columns=0))
    )
    broken = replace(BOTH, windows={W: wrong})
    assert list(violations(broken)) != []
    mended = made_sound(broken)
    assert mended.windows[W].floating == (UPPER, LOWER)
    assert list(violations(mended)) == []
