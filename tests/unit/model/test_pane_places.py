"""Where panes are when `pane-border-status` takes a row from those at the edge of the window."""

from functools import reduce

import pytest

from fuguemux.model.apply import apply
from fuguemux.model.events import AnyEvent, LayoutChanged, OptionSet, PaneAdded, ZoomChanged
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Edge, Leaf, Rectangle, Split, panes_of, split
from fuguemux.model.pane_places import border_edge, every_rectangle, pane_sizes, shown_rectangles
from fuguemux.model.state import ServerState, Window
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.recovery.replay import Replay
from tests.support.small_server import new_session


def started(*more: AnyEvent) -> tuple[ServerState, Window]:
    """A session with one window of two panes, one above the other, after `more` events."""
    state = reduce(apply, new_session(ServerState(), 80, 24), ServerState())
    (window,) = state.windows.values()
    (first,) = panes_of(window.layout)
    layout = split(window.layout, first, "column", PaneId(7))
    events: list[AnyEvent] = [PaneAdded(window.id, PaneId(7), layout, 0), *more]
    state = reduce(apply, events, state)
    return state, state.windows[window.id]


@pytest.mark.parametrize(
    ("edge", "rows"), [("off", (12, 11)), ("top", (11, 11)), ("bottom", (12, 10))]
)
def test_the_panes_at_the_edge_give_a_row(edge: Edge, rows: tuple[int, int]) -> None:
    state, window = started(OptionSet("global-window", 0, "pane-border-status", edge))
    assert (window.layout.rows, border_edge(state, window)) == (24, edge)
    assert tuple(size[1] for size in pane_sizes(state, window).values()) == rows


def test_a_zoomed_pane_gives_a_row_too() -> None:
    state, window = started(OptionSet("global-window", 0, "pane-border-status", "top"))
    state = apply(state, ZoomChanged(window.id, True))
    window = state.windows[window.id]
    whole = Rectangle(0, 1, 80, 23)
    assert shown_rectangles(state, window) == [(window.active, whole)]
    assert every_rectangle(state, window)[window.active] == whole


def test_the_value_of_the_window_comes_first() -> None:
    state, window = started(OptionSet("global-window", 0, "pane-border-status", "top"))
    state = apply(state, OptionSet("window", window.id, "pane-border-status", "off"))
    assert border_edge(state, state.windows[window.id]) == "off"


def test_a_pane_without_a_row_still_has_a_terminal_with_one() -> None:
    state, window = started(OptionSet("global-window", 0, "pane-border-status", "top"))
    first, second = panes_of(window.layout)
    small = Split(80, 3, "column", (Leaf(80, 1, first), Leaf(80, 1, second)))
    state = apply(state, LayoutChanged(window.id, small))
    assert pane_sizes(state, state.windows[window.id]) == {0: (80, 1), 7: (80, 1)}


def test_the_log_of_an_option_resizes_panes() -> None:
    state, window = started()
    panes = {pane: RecoveredPane(pane, *size) for pane, size in pane_sizes(state, window).items()}
    replay = Replay(state, 0, panes, None)
    replay._apply(event := OptionSet("window", window.id, "pane-border-status", "bottom"))
    replay._note(event, 9)
    assert [pane.size[1] for pane in panes.values()] == [12, 10]
