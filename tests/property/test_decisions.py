"""Random requests and facts in any order: the state stays consistent, and refusals change nothing."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.commands import table
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import StartProcess
from fuguemux.model.ids import PaneId
from fuguemux.model.invariants import violations
from fuguemux.model.state import ServerState
from fuguemux.reactions import (
    automatic_rename,
    client_resized,
    process_exited,
    process_started,
    start_failed,
    title_changed,
)
from tests.support import followed
from tests.support.builders import request, session, state, window
from tests.support.fake_live import FakeLive
from tests.support.viewers import viewer
from tests.support.walks import SLEEP, some_command

MORE_COMMANDS = (
    ("respawn-pane", "-k"),
    ("respawn-window", "-k", SLEEP),
    ("next-layout",),
    ("previous-layout",),
    ("select-layout", "-o"),
    ("kill-session",),
    ("kill-session", "-a"),
    ("kill-window", "-a"),
    ("new-session", "-d", "-s", "n1", "-e", "A=1"),
    ("new-session", "-d", "-t", "first"),
    ("new-session", "-d", "-t", "second"),
    ("new-session", "-d", "-t", "alone"),
    ("set-buffer", "text"),
    ("set-buffer", "-b", "named", "text"),
    ("set-buffer", "-n", "other"),
    ("delete-buffer",),
    ("paste-buffer", "-d"),
    ("capture-pane",),
    ("rename-window", "#{session_name}"),
    ("set-option", "-g", "renumber-windows", "on"),
    ("set-option", "-g", "base-index", "1"),
    ("set-option", "-g", "remain-on-exit", "failed"),
    ("select-layout", "5f64,64x20,0,0{20x20,0,0,0,43x20,21,0,1}"),
)


def asked(before: ServerState, live: FakeLive, words: tuple[str, ...] | list[str]) -> Decision:
    try:
        return table.decide(before, live, request(*words))
    except Refused:
        return Decision()


def happened(before: ServerState, live: FakeLive, pick: random.Random) -> Decision:
    """A fact of the world, about a pane that may be gone by now."""
    pane = pick.choice([*before.panes, PaneId(max(before.panes) + 1)])
    match pick.randrange(6):
        case 0:
            return process_exited.decide(
                before,
                live,
                pane,
                code=pick.choice((0, 1, 137)),
                signal=None,
                shutdown_near=pick.random() < 0.5,
            )
        case 1:
            return process_started.decide(
                before, live, pane, generation=1, pid=7, process_start=1, tty="/dev/x"
            )
        case 2:
            return start_failed.decide(before, live, pane, "no")
        case 3:
            return title_changed.decide(before, live, pane, "t\x1b" * 900)
        case 4:
            return client_resized.decide(before, live)
        case _:
            return automatic_rename.decide(before, live)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(10, 60))
def test_every_decision_leaves_a_sound_state(pick: random.Random, length: int) -> None:
    before = state(session("first", window(panes=3), window("other", panes=2)), session("second"))
    live = FakeLive(attached=(viewer(columns=100, rows=30),))
    for _ in range(length):
        kind = pick.random()
        if kind < 0.6:
            decision = asked(before, live, some_command(before, pick, floating=pick.random() < 0.5))
        elif kind < 0.8:
            decision = asked(before, live, pick.choice(MORE_COMMANDS))
        else:
            decision = happened(before, live, pick)
        after = followed.after(before, decision.events)
        assert list(violations(after)) == [], decision
        for effect in decision.effects:
            if isinstance(effect, StartProcess):
                assert effect.pane in after.panes
        if not after.sessions:
            return
        before = after
