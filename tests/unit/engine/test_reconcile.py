"""What a start does with every pane and every process that the keeper holds."""

import msgspec

from fuguemux.engine.reconcile import (
    Adopt,
    HeldProcess,
    LeaveDead,
    Rescue,
    Restart,
    TakeExit,
    key_parts,
    pane_key,
    reconcile,
)
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Life, Pane, ServerState
from tests.support.builders import session, state, window

STORE = "ab12"


def with_pane(of: ServerState, pane: PaneId, **changes: object) -> ServerState:
    changed: Pane = msgspec.structs.replace(of.panes[pane], **changes)
    return msgspec.structs.replace(of, panes={**of.panes, pane: changed})


def one_pane(**changes: object) -> tuple[ServerState, PaneId]:
    built = state(session("work", window("w")))
    pane = next(iter(built.panes))
    defaults: dict[str, object] = {
        "life": Life.RUNNING,
        "generation": 3,
        "pid": 50,
        "process_start": 7,
    }
    return with_pane(built, pane, **{**defaults, **changes}), pane


def test_a_running_process_is_carried_on_with() -> None:
    built, pane = one_pane()
    key = pane_key(STORE, pane, 3)
    assert reconcile(built, STORE, [HeldProcess(key, 50, 7)]) == (Adopt(pane, key),)


def test_a_process_that_started_but_was_not_logged_yet_is_the_panes_too() -> None:
    built, pane = one_pane()
    old, new = pane_key(STORE, pane, 3), pane_key(STORE, pane, 4)
    steps = reconcile(built, STORE, [HeldProcess(old, 50, 7, ended=True), HeldProcess(new, 51, 8)])
    assert steps == (Adopt(pane, new), Rescue(old))


def test_a_process_that_ended_meanwhile_is_drained_and_taken() -> None:
    built, pane = one_pane()
    key = pane_key(STORE, pane, 3)
    assert reconcile(built, STORE, [HeldProcess(key, 50, 7, ended=True, code=3)]) == (
        TakeExit(pane, key),
    )


def test_without_its_process_a_pane_starts_again() -> None:
    built, pane = one_pane()
    assert reconcile(built, STORE, []) == (Restart(pane),)


def test_a_dead_pane_stays_dead() -> None:
    built, pane = one_pane(life=Life.DEAD)
    assert reconcile(built, STORE, []) == (LeaveDead(pane),)
    key = pane_key(STORE, pane, 3)
    assert reconcile(built, STORE, [HeldProcess(key, 50, 7, ended=True)]) == (LeaveDead(pane),)


def test_a_process_that_no_pane_knows_is_rescued() -> None:
    built, pane = one_pane()
    stranger = pane_key(STORE, PaneId(99), 1)
    other = pane_key("another", pane, 3)
    steps = reconcile(
        built,
        STORE,
        [HeldProcess(stranger, 60, 9), HeldProcess(other, 61, 9), HeldProcess("odd", 62, 9)],
    )
    assert steps == (Restart(pane), Rescue(stranger), Rescue(other), Rescue("odd"))


def test_a_rescued_process_is_known_again_by_its_pid_and_start() -> None:
    built, pane = one_pane(generation=1)
    key = pane_key(STORE, PaneId(99), 1)
    assert reconcile(built, STORE, [HeldProcess(key, 50, 7)]) == (Adopt(pane, key),)


def test_keys_are_read_back() -> None:
    assert key_parts(pane_key(STORE, PaneId(4), 2)) == (STORE, 4, 2)
    assert key_parts("nonsense") is None


def test_the_end_of_a_process_that_was_told_before_is_not_told_again() -> None:
    """The pane went away with it, and the keeper had not heard so when the server died."""
    built, pane = one_pane()
    built = msgspec.structs.replace(built, next_pane=PaneId(pane + 2))
    gone = pane_key(STORE, PaneId(pane + 1), 1)
    earlier = pane_key(STORE, pane, 2)
    key = pane_key(STORE, pane, 3)
    ended = [HeldProcess(gone, 60, 9, ended=True), HeldProcess(earlier, 61, 9, ended=True)]
    assert reconcile(built, STORE, [*ended, HeldProcess(key, 50, 7)]) == (Adopt(pane, key),)
    running = [HeldProcess(gone, 60, 9), HeldProcess(earlier, 61, 9)]
    steps = reconcile(built, STORE, [*running, HeldProcess(key, 50, 7)], whole=False)
    assert steps == (Adopt(pane, key), Rescue(gone), Rescue(earlier))


def test_the_process_of_a_pane_that_was_closed_is_not_brought_back() -> None:
    """The server died between the logged end of the pane and its hang-up."""
    built, pane = one_pane()
    gone = msgspec.structs.replace(built, next_pane=built.next_pane + 1)
    closed = pane_key(STORE, PaneId(built.next_pane), 1)
    assert reconcile(gone, STORE, [HeldProcess(closed, 60, 9)]) == (Restart(pane),)
    assert reconcile(gone, STORE, [HeldProcess(closed, 60, 9)], whole=False) == (
        Restart(pane),
        Rescue(closed),
    )
