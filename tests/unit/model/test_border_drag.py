"""Borders that follow the mouse."""

from fuguemux.model.border_drag import border_dragged
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Layout, Leaf, rectangles, split

ONE = Leaf(81, 25, PaneId(1))
TWO = split(ONE, PaneId(1), "row", PaneId(2))
FOUR = split(split(TWO, PaneId(1), "column", PaneId(3)), PaneId(2), "column", PaneId(4))
"""Left above right and so on: 1 over 3, and 2 over 4; 40 columns each, 12 rows each."""


def sizes(layout: Layout) -> dict[int, tuple[int, int]]:
    return {pane: rectangle[2:] for pane, rectangle in rectangles(layout)}


def test_a_border_follows_the_mouse() -> None:
    assert sizes(border_dragged(TWO, (40, 5), (30, 9))) == {1: (30, 25), 2: (50, 25)}
    assert border_dragged(TWO, (40, 5), (40, 9)) == TWO
    assert border_dragged(TWO, (20, 5), (30, 9)) == TWO, "there was no border"


def test_it_stops_where_a_pane_cannot_be_smaller() -> None:
    assert sizes(border_dragged(TWO, (40, 5), (0, 5))) == {1: (1, 25), 2: (79, 25)}


def test_where_borders_meet_all_of_them_move() -> None:
    moved = sizes(border_dragged(FOUR, (40, 12), (44, 10)))
    assert moved == {1: (44, 10), 3: (44, 14), 2: (36, 10), 4: (36, 14)}


def test_only_the_border_under_the_mouse_moves() -> None:
    moved = sizes(border_dragged(FOUR, (10, 12), (10, 15)))
    assert moved == {1: (40, 15), 3: (40, 9), 2: (40, 12), 4: (40, 12)}
