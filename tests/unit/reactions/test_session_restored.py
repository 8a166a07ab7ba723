"""Restoring a session of an earlier time under new numbers."""

from functools import reduce

from msgspec.structs import astuple

from fuguemux.model import events as ev
from fuguemux.model.apply import apply
from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.invariants import violations
from fuguemux.model.layout import leaf, panes_of, rectangles, split
from fuguemux.model.state import ServerState
from fuguemux.reactions.session_restored import decide, free_name
from tests.support.fake_live import FakeLive


def past() -> ServerState:
    one, two, three = PaneId(0), PaneId(1), PaneId(2)
    first = leaf(one, 100, 30)
    second = split(first, one, "row", two)
    third = split(second, two, "column", three)
    work = SessionId(0)
    events: list[ev.AnyEvent] = [
        ev.SessionCreated(work, "work", b"/w", 1, {b"A": b"b"}, {"history-limit": "7"}),
        ev.WindowCreated(WindowId(0), "edit", work, 3, one, first, 1, (b"vim",), b"/a"),
        ev.PaneAdded(WindowId(0), two, second, 1, (), b"/b", {}, {"persist": "off"}),
        ev.PaneAdded(WindowId(0), three, third, 1, (), b"/c"),
        ev.PaneTitled(three, "title"),
        ev.PaneActivated(WindowId(0), two),
        ev.ZoomChanged(WindowId(0), True),
        ev.WindowCreated(WindowId(1), "logs", work, 7, PaneId(3), leaf(PaneId(3), 100, 30), 1),
        ev.WindowLinked(work, 9, WindowId(1)),
        ev.WindowSelected(work, 7),
        ev.WindowSelected(work, 3),
    ]
    return reduce(apply, events, ServerState())


def test_floating_panes_come_back_at_their_places_and_in_their_order() -> None:
    before, number = past(), WindowId(0)
    upper, lower = PaneId(8), PaneId(9)
    layout = before.windows[number].layout
    above = (Floating(upper, 5, 5, 20, 6), Floating(lower, 1, 1, 30, 9, "double", tiled=layout))
    for event in (
        ev.FloatingPaneAdded(number, lower, above[1:], 1, (b"htop",)),
        ev.FloatingPaneAdded(number, upper, above, 1),
        ev.PaneActivated(number, upper),
        ev.PaneActivated(number, lower),
        ev.PanesPlaced(number, layout, above),
    ):
        before = apply(before, event)
    decision, numbers = decide(before, FakeLive(), before, before.sessions[SessionId(0)])
    after = reduce(apply, decision.events, before)
    assert list(violations(after)) == []
    new = after.windows[after.panes[numbers[lower]].window]
    assert [each.pane for each in new.floating] == [numbers[upper], numbers[lower]]
    assert [each[1:5] for each in map(astuple, new.floating)] == [(5, 5, 20, 6), (1, 1, 30, 9)]
    assert new.active == numbers[lower]
    assert after.panes[numbers[lower]].argv == (b"htop",)
    tiled = new.floating[1].tiled
    assert tiled is not None
    assert set(panes_of(tiled)) == {numbers[PaneId(pane)] for pane in (0, 1, 2)}


def test_everything_comes_back_beside_what_there_is() -> None:
    before = past()
    session = before.sessions[SessionId(0)]
    decision, numbers = decide(before, FakeLive(), before, session)
    after = reduce(apply, decision.events, before)
    assert list(violations(after)) == []
    assert numbers == {PaneId(n): PaneId(n + 4) for n in range(4)}
    back = after.sessions[SessionId(1)]
    assert back.name == "work-2"
    assert (back.cwd, back.environment, back.options) == (
        b"/w",
        {b"A": b"b"},
        {"history-limit": "7"},
    )
    assert [link.index for link in back.links] == [3, 7, 9]
    assert back.links[1].window == back.links[2].window
    assert (back.active, back.last) == (session.active, session.last)
    old, new = before.windows[WindowId(0)], after.windows[back.links[0].window]
    assert [area for _, area in rectangles(new.layout)] == [
        area for _, area in rectangles(old.layout)
    ]
    assert (new.name, new.zoomed, new.active) == ("edit", True, numbers[old.active])
    for pane, number in numbers.items():
        was, now = before.panes[pane], after.panes[number]
        assert (now.argv, now.cwd, now.title, now.options) == (
            was.argv,
            was.cwd,
            was.title,
            was.options,
        )


def test_a_name_that_is_free_is_kept() -> None:
    assert free_name(ServerState(), "work") == "work"
    assert free_name(past(), "work") == "work-2"
