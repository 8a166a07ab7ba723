"""What is under the mouse: status line, borders, panes."""

import msgspec

from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import split
from fuguemux.model.state import ServerState
from fuguemux.server.clients.drawing.mouse_places import MousePlace, ShownArea, ShownRange, place_at
from tests.support.builders import session, state, window

STATE: ServerState = state(session("work", window("one", panes=1), window("two")))
SESSION = next(iter(STATE.sessions.values()))
ONE = STATE.windows[SESSION.links[0].window]
LAYOUT = split(ONE.layout, ONE.active, "row", PaneId(9))
WINDOW = msgspec.structs.replace(ONE, layout=LAYOUT)
LEFT = LAYOUT.children[0].columns  # type: ignore[union-attr]  # two panes
RANGES = (
    ShownRange(0, 0, 7, "left"),
    ShownRange(0, 7, 12, "window", 0),
    ShownRange(0, 13, 18, "window", 1),
    ShownRange(0, 60, 80, "right"),
)
AREA = ShownArea(SESSION, WINDOW, LAYOUT.rows, 1, RANGES)


def named(area: ShownArea, column: int, row: int) -> str:
    place = place_at(area, column, row)
    return "" if place is None else place.where


def test_floating_panes_hide_what_is_behind_them() -> None:
    upper, lower = Floating(PaneId(5), 10, 4, 10, 4), Floating(PaneId(6), 14, 6, 20, 5, "none")
    area = AREA._replace(window=msgspec.structs.replace(WINDOW, floating=(upper, lower)))
    seen = {
        at: place_at(area, *at) for at in ((9, 3), (12, 5), (20, 8), (21, 8), (33, 10), (34, 10))
    }
    number = WINDOW.id
    assert seen == {
        (9, 3): MousePlace("Border", number, PaneId(5)),
        (12, 5): MousePlace("Pane", number, PaneId(5)),
        (20, 8): MousePlace("Border", number, PaneId(5)),
        (21, 8): MousePlace("Pane", number, PaneId(6)),
        (33, 10): MousePlace("Pane", number, PaneId(6)),
        (34, 10): MousePlace("Pane", number, ONE.active),
    }


def test_the_status_line() -> None:
    row = LAYOUT.rows
    names = [named(AREA, column, row) for column in (0, 8, 12, 14, 30, 70)]
    assert names == [
        "StatusLeft",
        "Status",
        "StatusDefault",
        "Status",
        "StatusDefault",
        "StatusRight",
    ]
    assert place_at(AREA, 14, row) == MousePlace("Status", SESSION.links[1].window)
    gone = AREA._replace(ranges=(ShownRange(0, 0, 9, "window", 7),))
    assert place_at(gone, 3, row) is None


def test_panes_and_the_border_between_them() -> None:
    assert place_at(AREA, 0, 0) == MousePlace("Pane", ONE.id, ONE.active)
    assert place_at(AREA, LEFT, 3) == MousePlace("Border", ONE.id, ONE.active)
    assert place_at(AREA, LEFT + 1, 3) == MousePlace("Pane", ONE.id, PaneId(9))
    assert place_at(AREA, LAYOUT.columns + 5, 0) is None


def test_a_status_line_above_the_window_moves_the_panes_down() -> None:
    above = AREA._replace(status_row=0)
    assert named(above, 14, 0) == "Status"
    assert place_at(above, LEFT + 1, 1) == MousePlace("Pane", ONE.id, PaneId(9))


def test_a_zoomed_pane_has_no_borders() -> None:
    zoomed = AREA._replace(window=msgspec.structs.replace(WINDOW, zoomed=True))
    assert place_at(zoomed, LEFT, 3) == MousePlace("Pane", ONE.id, ONE.active)


def test_a_client_that_shows_a_part_of_the_window() -> None:
    panned = AREA._replace(offset_column=LEFT + 1)
    assert place_at(panned, 0, 0) == MousePlace("Pane", ONE.id, PaneId(9))
