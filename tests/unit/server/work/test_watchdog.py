"""The watchdog ends only what may be ended, and sleeps while there is nothing to do."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from fuguemux.observe.clock import NS_PER_MS, NS_PER_S
from fuguemux.observe.holding import SLOT, EndedByWatchdog, TookTooLong, endable, holding, unended
from fuguemux.server.work import threads
from fuguemux.server.work import watchdog as watching
from fuguemux.server.work.watchdog import Watchdog
from tests.support.poor import run_poor


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    SLOT.holders.clear()
    watchdog = Watchdog(end_ns=50 * NS_PER_MS, look_seconds=0.005)
    watchdog.start()
    SLOT.turn_begins()
    yield watchdog
    SLOT.turn_ends()
    watchdog.close()
    SLOT.holders.clear()


def without_end() -> None:
    while True:
        pass


def test_endable_work_is_ended_and_what_follows_it_is_not(watchdog: Watchdog) -> None:
    for _ in range(20):
        with pytest.raises(TookTooLong, match="nothing else could run"), endable("command", "x"):
            without_end()
    for _ in range(100_000):  # nothing is still on its way
        pass
    assert SLOT.current is None


def test_a_step_that_must_be_done_is_done(watchdog: Watchdog) -> None:
    steps = []

    def work() -> None:
        with unended():
            begun = SLOT.current
            assert isinstance(begun, endable)
            while not begun.ending:
                pass
            for _ in range(100_000):
                pass
            steps.append("done")
        without_end()

    with pytest.raises(TookTooLong), endable("command", "x"):
        work()
    assert steps == ["done"]


def test_work_that_is_not_endable_is_left_alone(watchdog: Watchdog) -> None:
    asked = threading.Event()
    end = endable.end
    with holding("pane", 3):
        for _ in range(20):
            asked.wait(0.01)
    assert endable.end is end
    assert [(of.kind, of.name, of.ended) for of in SLOT.holders()] in ([], [("pane", "%3", 0)])


def test_work_that_ends_as_it_is_ended_ends_once() -> None:
    """End and ending in every order: at most one of the two, and nothing afterwards."""
    SLOT.thread = threading.get_ident()
    outcomes = set()
    for delay in range(300):
        go = threading.Event()
        work = endable("command", "x")

        def end(work: endable = work, go: threading.Event = go) -> None:
            go.wait()
            work.end()

        thread = threading.Thread(target=end)
        thread.start()
        try:
            with work:
                go.set()
                for _ in range(delay * 20):
                    pass
            outcomes.add("done")
        except TookTooLong:
            outcomes.add("ended")
        try:
            thread.join()
            for _ in range(2_000):
                pass
        except EndedByWatchdog:
            pytest.fail("ended after its end")
    SLOT.thread = 0
    assert outcomes
    SLOT.holders.clear()


def test_it_sleeps_until_there_is_something_to_do() -> None:
    async def main() -> None:
        watchdog = Watchdog(end_ns=50 * NS_PER_MS, look_seconds=0.001)
        watchdog.start()
        try:
            loop = asyncio.get_running_loop()
            asleep = asyncio.Event()

            def look() -> None:  # on a thread: a turn of the loop would wake it
                while not SLOT.asleep:
                    pass
                loop.call_soon_threadsafe(asleep.set)

            thread = threading.Thread(target=look)
            thread.start()
            await asleep.wait()
            thread.join()
            with pytest.raises(TookTooLong), endable("command", "x"):
                without_end()
        finally:
            watchdog.close()

    threads.run(main())


POOR = """
import asyncio, resource
from fuguemux.observe.holding import SLOT, endable
from fuguemux.server.work import threads
from fuguemux.server.work.watchdog import Watchdog
"""
SOURCE = """
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
async def main():
    watchdog = Watchdog()
    watchdog.start()
    with endable("command", "x"):
        print(SLOT.watched, SLOT.current.kind)
    watchdog.close()
threads.run(main())
"""


def test_without_a_thread_to_be_had_there_is_none() -> None:
    assert run_poor(SOURCE, imports=POOR).split() == ["False", "command"]


class Turn:
    """A loop that is held for as long as a test wants, and what is said of it meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[str] = []
        monkeypatch.setattr(watching, "diagnostics", self)
        self.now = 10**12
        monkeypatch.setattr(watching, "monotonic_ns", lambda: self.now)
        self.watchdog = Watchdog()
        SLOT.turn_begins()
        SLOT.turn_ns = self.now

    def warning(self, _event: str, *, holder: str, seconds: float) -> None:
        self.said.append(holder)

    def later(self, seconds: float) -> None:
        self.now += int(seconds * NS_PER_S)
        self.watchdog._look()


def test_who_holds_the_loop_without_a_name_is_told_once_a_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn = Turn(monkeypatch)
    turn.later(1.9)
    assert turn.said == []
    for _ in range(3):
        turn.later(0.5)
    assert turn.said == ["loop work without a name"]
    SLOT.turn_begins()
    SLOT.turn_ns = turn.now
    turn.later(3)
    assert len(turn.said) == 2
    SLOT.turn_ends()
    turn.later(3)
    assert len(turn.said) == 2, "the loop waits"
    SLOT.holders.clear()


def test_nothing_is_ended_before_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = Turn(monkeypatch)
    SLOT.thread = threading.get_ident()
    ended: list[bool] = []

    def end(_work: endable) -> bool:
        ended.append(True)
        return True

    monkeypatch.setattr(endable, "end", end)
    try:
        with endable("command", "x") as _:
            assert SLOT.current is not None
            SLOT.current._begun = turn.now
            turn.later(9.9)
            assert not ended
            turn.later(0.2)
            assert ended
    finally:
        SLOT.thread = 0
        SLOT.turn_ends()
        SLOT.holders.clear()
