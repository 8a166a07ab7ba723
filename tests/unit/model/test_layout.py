"""The sizes in a layout are consistent after every operation, and layouts convert to and from tmux's strings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.layout import (
    Layout,
    Leaf,
    NoSpace,
    Rectangle,
    leaf,
    panes_of,
    rectangles,
    remove,
    renamed,
    resize,
    split,
)
from fuguemux.model.layout_strings import (
    BadLayout,
    adds_up,
    checksum,
    layout_string,
    parse_layout_string,
    window_layout_string,
)
from fuguemux.model.pane_resizing import resize_pane, resize_pane_to
from fuguemux.model.state import Window
from fuguemux.model.window_panes import pane_rectangle

P = PaneId


def of_two(*, active: int = 0, zoomed: bool = False) -> Window:
    return Window(WindowId(0), "w", two(), P(active), 1, zoomed=zoomed)


def two() -> Layout:
    return split(leaf(P(0), 80, 24), P(0), "row", P(1))


def test_a_split_gives_half_to_each_with_a_border_between() -> None:
    assert layout_string(two()) == "8205,80x24,0,0{40x24,0,0,0,39x24,41,0,1}"
    assert dict(rectangles(two())) == {0: Rectangle(0, 0, 40, 24), 1: Rectangle(41, 0, 39, 24)}


def test_the_checksum_is_over_the_text_behind_it() -> None:
    text = layout_string(two())
    assert checksum(text[5:]) == int(text[:4], 16)


def test_a_pane_too_small_is_not_split() -> None:
    with pytest.raises(NoSpace):
        split(leaf(P(0), 2, 24), P(0), "row", P(1))


def test_an_unknown_pane_is_an_error() -> None:
    with pytest.raises(KeyError):
        split(two(), P(9), "row", P(2))
    with pytest.raises(KeyError):
        pane_rectangle(of_two(), P(9))


def test_removing_gives_the_space_to_the_neighbour() -> None:
    assert remove(two(), P(1)) == leaf(P(0), 80, 24)
    assert remove(two(), P(0)) == leaf(P(1), 80, 24)
    assert remove(leaf(P(0), 80, 24), P(0)) is None


def test_panes_change_places_without_changing_rectangles() -> None:
    swapped = renamed(two(), {P(0): P(1), P(1): P(0)})
    assert panes_of(swapped) == (1, 0)
    assert [r for _, r in rectangles(swapped)] == [r for _, r in rectangles(two())]


def test_a_zoomed_pane_covers_the_window() -> None:
    zoomed = of_two(active=1, zoomed=True)
    assert pane_rectangle(zoomed, P(1)) == Rectangle(0, 0, 80, 24)
    assert pane_rectangle(zoomed, P(0)) == Rectangle(0, 0, 40, 24)
    assert window_layout_string(zoomed, visible=True).endswith(",80x24,0,0,1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zzzz,80x24,0,0,0",
        "0000,80x24,0,0,0",
        "8205,80x24,0,0{40x24,0,0,0,39x24,41,0,1",
        f"{checksum('80x24,0,0{40x24,0,0,0}'):04x},80x24,0,0{{40x24,0,0,0}}",
        f"{checksum('80x24,0,0{40x24,0,0,0,20x24,41,0,1}'):04x},80x24,0,0{{40x24,0,0,0,20x24,41,0,1}}",
        f"{checksum('80x24,0,0' + '{' * 200):04x},80x24,0,0" + "{" * 200,
    ],
)
def test_what_is_no_layout_is_refused(text: str) -> None:
    with pytest.raises(BadLayout):
        parse_layout_string(text, (P(0), P(1)))


def test_the_number_of_panes_has_to_fit() -> None:
    with pytest.raises(BadLayout, match="need more"):
        parse_layout_string(layout_string(two()), (P(0),))
    with pytest.raises(BadLayout, match="need 2"):
        parse_layout_string(layout_string(two()), (P(0), P(1), P(2)))


axes = st.sampled_from(["row", "column"])
operations = st.lists(
    st.tuples(
        st.sampled_from(["split", "remove", "resize", "to", "window"]),
        st.integers(0, 1000),
        axes,
        st.integers(-40, 40),
        st.booleans(),
        st.booleans(),
    ),
    max_size=25,
)


def stepped(
    layout: Layout, operation: tuple[str, int, str, int, bool, bool], new: PaneId
) -> Layout:
    kind, which, axis, amount, before, full = operation
    panes = panes_of(layout)
    target = panes[which % len(panes)]
    direction = "row" if axis == "row" else "column"
    try:
        if kind == "split":
            size = abs(amount) or None
            return split(layout, target, direction, new, size=size, before=before, full=full)  # type: ignore[arg-type]  # a literal
    except NoSpace:
        return layout
    if kind == "remove":
        return remove(layout, target) or layout
    if kind == "resize":
        return resize_pane(layout, target, direction, amount)  # type: ignore[arg-type]  # a literal
    if kind == "to":
        return resize_pane_to(layout, target, direction, abs(amount))  # type: ignore[arg-type]  # a literal
    return resize(layout, abs(amount) + 10, which % 60 + 5)


@given(operations)
def test_every_cell_adds_up_after_anything(
    steps: list[tuple[str, int, str, int, bool, bool]],
) -> None:
    layout: Layout = leaf(P(0), 120, 40)
    for number, operation in enumerate(steps, 1):
        before = set(panes_of(layout))
        layout = stepped(layout, operation, P(number))
        assert adds_up(layout)
        assert set(panes_of(layout)) - before <= {P(number)}
        assert parse_layout_string(layout_string(layout), panes_of(layout)) == layout


@given(operations, st.integers(1, 200), st.integers(1, 100))
def test_a_window_is_never_smaller_than_its_panes_need(
    steps: list[tuple[str, int, str, int, bool, bool]], columns: int, rows: int
) -> None:
    layout: Layout = leaf(P(0), 100, 40)
    for number, operation in enumerate(steps, 1):
        layout = stepped(layout, operation, P(number))
    smaller = resize(layout, columns, rows)
    assert adds_up(smaller)
    assert all(r.columns >= 1 and r.rows >= 1 for _, r in rectangles(smaller))
    if isinstance(layout, Leaf):
        assert (smaller.columns, smaller.rows) == (columns, rows)
