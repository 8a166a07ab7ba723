"""Clocks: the real one works as described, and the fake one behaves like it."""

import pytest

from fuguemux.observe.clock import Clock, SystemClock, timestamp
from tests.support.fake_clock import FakeClock


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()], ids=["system", "fake"])
def test_both_clocks(clock: Clock) -> None:
    assert clock.monotonic_ns() <= clock.monotonic_ns()
    assert clock.wall_ms() > 1_600_000_000_000
    year, month, day, hour, minute, second, weekday, day_of_year = clock.local_time(1_700_000_000)
    assert (year, month, day) == (2023, 11, 14) or (year, month, day) == (2023, 11, 15)
    assert 0 <= hour < 24
    assert minute in (13, 28, 43, 58)
    assert second == 20
    assert weekday in (1, 2)
    assert day_of_year in (318, 319)


def test_time_in_tests_moves_when_told() -> None:
    clock = FakeClock(wall_ms=5_000, monotonic_ns=0)
    clock.advance_ms(20)
    assert (clock.wall_ms(), clock.monotonic_ns()) == (5_020, 20_000_000)
    clock.set_wall_ms(1_000)
    assert (clock.wall_ms(), clock.monotonic_ns()) == (1_000, 20_000_000)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance_ms(-1)


def test_timestamp_is_rfc_3339() -> None:
    assert timestamp(1_763_880_440_007) == "2025-11-23T06:47:20.007Z"
