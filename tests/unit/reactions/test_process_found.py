"""A process that belongs to no pane gets a pane, with its own number if that is free."""

from fuguemux.model.apply import apply
from fuguemux.model.ids import PaneId
from fuguemux.model.invariants import violations
from fuguemux.model.state import ServerState
from fuguemux.reactions import process_found
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive


def found(before: ServerState, known_as: tuple[PaneId, int] | None) -> ServerState:
    decision = process_found.decide(
        before,
        FakeLive(),
        argv=(b"bash",),
        cwd=b"/",
        pid=70,
        process_start=9,
        tty="/dev/pts/4",
        name="bash",
        known_as=known_as,
    )
    for event in decision.events:
        before = apply(before, event)
    assert list(violations(before)) == []
    return before


def test_it_keeps_the_number_under_which_it_was_started() -> None:
    after = found(found(ServerState(), (PaneId(21), 3)), None)
    assert set(after.panes) == {21, 22}
    assert after.panes[PaneId(21)].generation == 3
    assert [s.name for s in after.sessions.values()] == ["rescued"]


def test_a_number_that_another_pane_has_is_not_taken() -> None:
    built = state(session("work", window("w")))
    taken = next(iter(built.panes))
    after = found(built, (taken, 2))
    assert set(after.panes) == {taken, built.next_pane}
