"""Holders of the loop are named and counted, and the names contain nothing private."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from fuguemux.observe import holding as module
from fuguemux.observe.clock import NS_PER_S
from fuguemux.observe.holding import (
    HOLDERS_MAX,
    SLOT,
    Holders,
    TookTooLong,
    endable,
    holding,
    unended,
)


class Time:
    def __init__(self) -> None:
        self.ns = NS_PER_S

    def __call__(self) -> int:
        return self.ns

    def pass_ms(self, milliseconds: int) -> None:
        self.ns += milliseconds * 1_000_000


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    clock = Time()
    monkeypatch.setattr(module, "monotonic_ns", clock)
    SLOT.thread = threading.get_ident()
    SLOT.holders.clear()
    yield clock
    SLOT.thread = 0
    SLOT.holders.clear()


def noted() -> list[tuple[str, str, int, float]]:
    return [(of.kind, of.name, of.count, of.longest_ms) for of in SLOT.holders()]


def test_who_is_quick_is_not_noted(time: Time) -> None:
    SLOT.turn_begins()
    with holding("pane", 3):
        time.pass_ms(200)
    SLOT.turn_ends()
    assert noted() == []


def test_who_is_slow_is_noted_by_name_with_counts(time: Time) -> None:
    for milliseconds in (300, 201, 250):
        SLOT.turn_begins()
        with holding("pane", 3):
            time.pass_ms(milliseconds)
        SLOT.turn_ends()
    assert noted() == [("pane", "%3", 3, 300.0)]
    assert SLOT.holders()[0].last_ms == 250.0


def test_the_inner_work_is_named_and_not_what_is_around_it(time: Time) -> None:
    SLOT.turn_begins()
    with holding("command", "list-panes"):
        time.pass_ms(10)
        with endable("format", "status line of client 1"):
            time.pass_ms(300)
    time.pass_ms(10)
    SLOT.turn_ends()
    assert noted() == [("format", "status line of client 1", 1, 300.0)]


def test_a_turn_without_a_name_is_noted_too(time: Time) -> None:
    SLOT.turn_begins()
    with holding("pane", 3):
        time.pass_ms(100)
    time.pass_ms(150)
    SLOT.turn_ends()
    assert noted() == [("loop", "work without a name", 1, 250.0)]
    SLOT.turn_ends()
    assert noted()[0][2] == 1


def test_another_thread_holds_nothing(time: Time) -> None:
    def work() -> None:
        with holding("pane", 3), unended():
            time.pass_ms(500)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert noted() == []
    assert SLOT.current is None


def test_only_the_latest_are_remembered(time: Time) -> None:
    holders = Holders()
    for pane in range(HOLDERS_MAX + 5):
        holders.note("pane", f"%{pane}", NS_PER_S, time.ns)
    assert holders()[0].name == "%5"
    assert len(holders()) == HOLDERS_MAX


def test_what_is_raised_inside_goes_on_as_it_is(time: Time) -> None:
    with pytest.raises(KeyError), endable("command", "list-panes"):
        raise KeyError
    with pytest.raises(TookTooLong, match="ended after 0 s"), endable("command", "list-panes"):
        raise module.EndedByWatchdog
    assert SLOT.current is None


TRACED_AFTERWARDS = """
import sys, threading
from fuguemux.observe.holding import SLOT, endable

def step():
    pass

SLOT.thread = threading.get_ident()
with endable("command", "x") as work:
    SLOT.current.settled = threading.Event()
    SLOT.current.settled.set()
    SLOT.current.ending = True  # as `end` leaves it, whose exception may be on its way
sys.setprofile(lambda *_: None)
step()
sys.setprofile(None)
print("went on")
"""


def test_nothing_is_left_on_its_way_when_work_ended_by_itself() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", TRACED_AFTERWARDS], capture_output=True, text=True, timeout=30
    )
    assert (ran.stdout, ran.stderr) == ("went on\n", "")
