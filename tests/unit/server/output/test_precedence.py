"""Floods are not read between the arrival of a client and its answer, but they never starve."""

from collections.abc import Callable

from fuguemux.model.ids import ClientId
from fuguemux.server.output.precedence import HOLD_SECONDS_MAX, LEAVE_SECONDS, Precedence

ONE, OTHER = ClientId(1), ClientId(2)
SHORT = HOLD_SECONDS_MAX / 16


class Timer:
    def __init__(self, when: float, work: Callable[[], None]) -> None:
        self.when = when
        self.work: Callable[[], None] | None = work

    def cancel(self) -> None:
        self.work = None


class Loop:
    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, work: Callable[[], None]) -> Timer:
        self.timers.append(Timer(when, work))
        return self.timers[-1]

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            due = [timer for timer in self.timers if timer.work and timer.when <= end]
            if not due:
                break
            timer = min(due, key=lambda timer: timer.when)
            self.now = max(self.now, timer.when)
            work, timer.work = timer.work, None
            assert work is not None
            work()
        self.now = end


class Here:
    """Floods that note for how long they were held."""

    def __init__(self, *, flooding: bool = True) -> None:
        self.loop = Loop()
        self.flooding = flooding
        self.held = False
        self.seconds = 0.0
        self._since = 0.0
        self.precedence = Precedence(self.loop, self)  # type: ignore[arg-type]  # what it needs of a loop

    def is_held(self) -> bool:
        return self.held

    def hold(self) -> None:
        assert not self.held
        self.held, self._since = True, self.loop.now

    def go_on(self) -> None:
        assert self.held
        self.held = False
        self.seconds += self.loop.now - self._since


def test_floods_are_held_until_the_client_is_answered_and_has_left() -> None:
    here = Here()
    here.precedence.came(ONE)
    assert here.is_held()
    here.loop.run(SHORT)
    here.precedence.answered(ONE)
    here.loop.run(LEAVE_SECONDS / 2)
    assert here.is_held()
    here.loop.run(LEAVE_SECONDS)
    assert not here.is_held()
    assert here.seconds < 2 * SHORT + 2 * LEAVE_SECONDS


def test_all_who_wait_are_answered_first() -> None:
    here = Here()
    here.precedence.came(ONE)
    here.precedence.came(OTHER)
    here.precedence.answered(ONE)
    here.precedence.answered(ONE)
    here.loop.run(2 * LEAVE_SECONDS)
    assert here.is_held()
    here.precedence.answered(OTHER)
    here.loop.run(2 * LEAVE_SECONDS)
    assert not here.is_held()


def test_who_is_never_answered_holds_them_once_for_a_while() -> None:
    here = Here()
    here.precedence.came(ONE)
    here.loop.run(100 * HOLD_SECONDS_MAX)
    assert not here.is_held()
    assert here.seconds == HOLD_SECONDS_MAX
    here.precedence.answered(ONE)
    assert not here.is_held()


def test_clients_without_end_leave_floods_half_of_the_time() -> None:
    here = Here()
    for number in range(1_000):
        client = ClientId(number)
        here.precedence.came(client)
        here.loop.run(SHORT)
        here.precedence.answered(client)
    assert 0.3 < here.seconds / here.loop.now < 0.55


def test_who_comes_while_floods_have_their_time_has_precedence_after_it() -> None:
    here = Here()
    here.precedence.came(ONE)
    here.loop.run(HOLD_SECONDS_MAX)
    assert not here.is_held()
    here.precedence.came(OTHER)
    assert not here.is_held()
    here.loop.run(HOLD_SECONDS_MAX)
    assert here.is_held()


def test_without_floods_nothing_is_held() -> None:
    here = Here(flooding=False)
    here.precedence.came(ONE)
    assert not here.is_held()
    assert not here.loop.timers
