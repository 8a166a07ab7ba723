"""Setting the wall clock makes nothing old. Time that really passes does."""

from pathlib import Path

import pytest

from fuguemux.persistence.recovery.helper_files import AGE_FILE
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.work.age_clock import AgeClock
from tests.support.fake_clock import FakeClock

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def begun(directory: Path, clock: FakeClock, last_ms: int = 0) -> AgeClock:
    return AgeClock(RealStorage(), str(directory), clock, last_ms)


def test_it_goes_on_with_the_time_that_passes(tmp_path: Path) -> None:
    clock = FakeClock()
    start, age = clock.wall_ms(), begun(tmp_path, clock)
    assert age.look() == start
    clock.advance_ms(100 * DAY_MS)
    assert age.look() == start + 100 * DAY_MS


def test_a_clock_that_jumps_ahead_is_not_believed(tmp_path: Path) -> None:
    clock = FakeClock()
    start, age = clock.wall_ms(), begun(tmp_path, clock)
    clock.set_wall_ms(start + 400 * DAY_MS)
    assert age.look() == start
    clock.advance_ms(5 * HOUR_MS)
    assert age.look() == start + 5 * HOUR_MS
    clock.set_wall_ms(start + 5 * HOUR_MS)  # put right
    clock.advance_ms(20 * HOUR_MS)
    assert age.look() == start + 25 * HOUR_MS


def test_one_that_stays_ahead_is_believed_after_six_hours(tmp_path: Path) -> None:
    clock = FakeClock()
    start, age = clock.wall_ms(), begun(tmp_path, clock)
    clock.set_wall_ms(start + 14 * DAY_MS)
    looks = [age.look()]
    for _ in range(6):
        clock.advance_ms(HOUR_MS)
        looks.append(age.look())
    assert looks[:6] == [start + hours * HOUR_MS for hours in range(6)]
    assert looks[6] == start + 14 * DAY_MS + 6 * HOUR_MS == clock.wall_ms()


def test_one_that_jumps_again_and_again_is_not(tmp_path: Path) -> None:
    clock = FakeClock()
    start, age = clock.wall_ms(), begun(tmp_path, clock)
    for jump in range(2, 40, 2):
        clock.advance_ms(HOUR_MS)
        clock.set_wall_ms(start + jump * DAY_MS)
        age.look()
    assert age.look() == start + 19 * HOUR_MS


def test_a_night_is_believed_at_once_and_a_clock_set_back_makes_nothing_younger(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    start, age = clock.wall_ms(), begun(tmp_path, clock)
    clock.set_wall_ms(start + 12 * HOUR_MS)  # the machine slept
    assert age.look() == start + 12 * HOUR_MS
    clock.set_wall_ms(start - 1000 * DAY_MS)
    clock.advance_ms(HOUR_MS)
    assert age.look() == start + 13 * HOUR_MS


def test_the_next_server_goes_on_from_there(tmp_path: Path) -> None:
    clock = FakeClock()
    start, age = clock.wall_ms(), begun(tmp_path, clock)
    clock.advance_ms(3 * DAY_MS)
    age.look()
    age.store()
    clock.set_wall_ms(start + 900 * DAY_MS)
    again = begun(tmp_path, clock)
    assert again.look() == start + 3 * DAY_MS, "a clock that was wrong at the start"
    clock.advance_ms(7 * HOUR_MS)
    assert again.look() == start + 900 * DAY_MS + 7 * HOUR_MS, "a machine that was off"


@pytest.mark.parametrize("data", [b"", b"-5\n", b"no number", b"\xff" * 100])
def test_without_a_file_the_newest_record_tells(tmp_path: Path, data: bytes) -> None:
    (tmp_path / AGE_FILE).write_bytes(data)
    clock = FakeClock()
    last_ms = clock.wall_ms() - 30 * DAY_MS
    assert begun(tmp_path, clock, last_ms).look() == last_ms


def test_it_is_stored_now_and_then_and_a_disk_that_refuses_costs_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    age = begun(tmp_path / "gone", clock)
    age.store()
    age = begun(tmp_path, clock)
    age.store()
    first = (tmp_path / AGE_FILE).read_bytes()
    clock.advance_ms(60_000)
    age.look()
    age.store()
    assert (tmp_path / AGE_FILE).read_bytes() == first
