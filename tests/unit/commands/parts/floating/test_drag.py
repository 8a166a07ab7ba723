"""What a drag of the mouse does to a floating pane, by the cell that it began at."""

import pytest
from msgspec.structs import replace

from fuguemux.commands import new_pane, resize_pane
from fuguemux.commands.parts.floating.drag import pulled
from fuguemux.commands.table import TABLE
from fuguemux.model.decision import Decision
from fuguemux.model.effects import BeginDrag
from fuguemux.model.floating import Floating
from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import ServerState
from tests.support.builders import request, session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import folded, run
from tests.support.viewers import viewer

PANE = Floating(PaneId(1), 11, 6, 20, 5)
"""Its border is at the columns 10 and 31, and the rows 5 and 11."""


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ((20, 5), (22, 8), (13, 9, 20, 5)),
        ((10, 5), (8, 4), (9, 5, 22, 6)),
        ((11, 5), (9, 5), (9, 6, 22, 5)),
        ((31, 5), (33, 4), (11, 5, 22, 6)),
        ((10, 11), (12, 12), (13, 6, 18, 6)),
        ((30, 11), (31, 9), (11, 6, 21, 3)),
        ((31, 8), (35, 2), (11, 6, 24, 5)),
        ((10, 8), (4, 2), (5, 6, 26, 5)),
        ((20, 11), (2, 13), (11, 6, 20, 7)),
        ((31, 8), (2, 8), (11, 6, 1, 5)),
        ((10, 5), (70, 20), (30, 10, 1, 1)),
        ((50, 8), (52, 9), (11, 6, 20, 5)),
        ((20, 8), (22, 9), (11, 6, 20, 5)),
    ],
)
def test_each_part_of_the_border(
    before: tuple[int, int], now: tuple[int, int], expected: tuple[int, int, int, int]
) -> None:
    x, y, columns, rows = expected
    assert pulled(PANE, before, now) == replace(PANE, x=x, y=y, columns=columns, rows=rows)


STATE = run(
    new_pane.COMMAND,
    state(session("a", window(panes=2))),
    *("-d", "-x", "22", "-y", "7", "-X", "10", "-Y", "5"),
).state


def drag(before: ServerState, *words: str, to: tuple[int, int], at: tuple[int, int]) -> Decision:
    mouse = Pointing(
        "MouseDrag1Border", *to, *at, SessionId(0), WindowId(0), PaneId(2), 23, 1, action="motion"
    )
    asked = replace(request(*words, client=7, session=0), mouse=mouse)
    return TABLE.find(words[0]).decision(before, FakeLive(attached=(viewer(7),)), asked, TABLE)


def test_a_drag_makes_the_pane_active_and_goes_on_with_it() -> None:
    decision = drag(STATE, "resize-pane", "-M", at=(20, 5), to=(24, 7))
    after = folded(STATE, decision).state.windows[WindowId(0)]
    assert after.active == 2
    assert (after.floating[0].x, after.floating[0].y) == (15, 8)
    assert decision.effects == (BeginDrag(ClientId(7), "resize-pane -M -t %2"),)


def test_inside_of_the_window_it_stays() -> None:
    decision = drag(STATE, "move-pane", "-M", "-t", "%2", at=(20, 5), to=(2, 0))
    after = folded(STATE, decision).state.windows[WindowId(0)]
    assert (after.floating[0].x, after.floating[0].y) == (1, 1)


def test_a_zoomed_one_is_not_moved() -> None:
    zoomed = run(resize_pane.COMMAND, STATE, "-Z", "-t", "%2").state
    assert drag(zoomed, "move-pane", "-M", "-t", "%2", at=(20, 5), to=(2, 0)) == Decision()
