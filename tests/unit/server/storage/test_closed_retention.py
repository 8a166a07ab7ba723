"""Which closed sessions are kept."""

import pytest

from fuguemux.model.ids import SessionId
from fuguemux.model.state import Session
from fuguemux.observe.clock import MS_PER_DAY
from fuguemux.persistence.checkpoint.manifest import Entry, Manifest
from fuguemux.server.storage.closed_retention import (
    BRIEF_SESSIONS_MAX,
    SESSIONS_BYTES_MAX,
    SESSIONS_MAX,
    Lifetimes,
    is_brief,
    superfluous,
)
from tests.support.fake_clock import FakeClock

NOW = 1_764_000_000_000


def closed(number: int, *, age_ms: int = 0, brief: bool = False, size: int = 1000) -> Manifest:
    return Manifest(
        number=number,
        store_id=bytes(16),
        created_ms=NOW - age_ms,
        reason="closed",
        program="",
        engine="",
        structure_lsn=1,
        wal_start_lsn=1,
        next_lsn=2,
        previous=0,
        packs=(),
        structure=Entry(0, 0, 0),
        panes=(),
        new_bytes=size,
        name=f"closed-{number}",
        brief=brief,
    )


def gone(*saves: Manifest, days: int = 7) -> list[int]:
    return sorted(save.number for save in superfluous(saves, NOW, days))


def test_a_hundred_throw_away_sessions_push_out_only_each_other() -> None:
    real = [closed(number, age_ms=MS_PER_DAY) for number in range(50)]
    brief = [closed(100 + number, brief=True) for number in range(200)]
    assert gone(*brief, *real) == [100 + n for n in range(200 - BRIEF_SESSIONS_MAX)]


def test_age_is_a_limit_for_all() -> None:
    saves = [closed(n, age_ms=n * MS_PER_DAY, brief=n % 2 == 0) for n in range(10)]
    assert gone(*saves) == [7, 8, 9]
    assert gone(*saves, days=0) == list(range(10))
    assert gone(closed(1, age_ms=-999 * MS_PER_DAY)) == [], "closed under a clock that was ahead"


def test_so_is_what_they_take() -> None:
    half = SESSIONS_BYTES_MAX // 2
    assert gone(closed(1, size=half), closed(2, size=half), closed(3, size=1)) == [1]
    assert gone(closed(1, size=3 * half)) == [], "the last one stays"
    many = [closed(number, size=1) for number in range(SESSIONS_MAX + 3)]
    assert gone(*many) == [0, 1, 2]


def test_who_worked_in_a_session_would_miss_it() -> None:
    assert is_brief(5_000, 0, 1)
    assert not is_brief(61_000, 0, 1)
    assert not is_brief(5_000, 1, 1)
    assert not is_brief(5_000, 0, 20)


HOUR_MS = 3_600_000


def made(number: int, clock: FakeClock) -> Session:
    return Session(SessionId(number), f"s{number}", b"/", clock.wall_ms())


@pytest.mark.parametrize("set_by_ms", [-HOUR_MS, HOUR_MS])
def test_a_clock_that_is_set_makes_no_life_shorter_or_longer(set_by_ms: int) -> None:
    clock = FakeClock()
    lifetimes = Lifetimes(clock, frozenset())
    session = made(0, clock)
    lifetimes.note({session.id})
    clock.advance_ms(50_000)
    clock.set_wall_ms(clock.wall_ms() + set_by_ms)
    lifetimes.note({session.id, SessionId(1)})
    assert lifetimes.lived_ms(session) == 50_000
    clock.advance_ms(20_000)
    assert lifetimes.lived_ms(session) == 70_000


def test_what_an_earlier_server_made_lived_at_least_as_long_as_this_one_has_it() -> None:
    clock = FakeClock()
    session = made(0, clock)
    clock.advance_ms(HOUR_MS)
    lifetimes = Lifetimes(clock, {session.id})
    assert lifetimes.lived_ms(session) == HOUR_MS
    clock.advance_ms(90_000)
    clock.set_wall_ms(clock.wall_ms() - 2 * HOUR_MS)
    assert lifetimes.lived_ms(session) == 90_000
