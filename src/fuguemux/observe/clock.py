"""The only module that reads a clock. All others get a clock passed in, so that tests control the time.

There are two clocks. The monotonic one measures how long something took and when something is due, and never jumps. The
wall clock dates things for people and files, and may be set back at any moment.
"""

import time
from collections.abc import Mapping
from typing import Final, Protocol

NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
MS_PER_DAY: Final = 86_400_000


class Clock(Protocol):
    """The clock that is passed to code that needs the time."""

    def monotonic_ns(self) -> int:
        """Nanoseconds since some point; never goes back while the machine is up."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since the epoch, according to the machine."""
        ...

    def local_time(self, seconds: int) -> tuple[int, ...]:
        """(year, month, day, hour, minute, second, weekday with Monday 0, day of year) of `seconds` since the epoch."""
        ...


class SystemClock:
    """The machine's clocks."""

    __slots__ = ()

    def monotonic_ns(self) -> int:
        """CLOCK_MONOTONIC: stands still while a laptop sleeps."""
        return time.monotonic_ns()

    def wall_ms(self) -> int:
        """CLOCK_REALTIME."""
        return time.time_ns() // NS_PER_MS

    def local_time(self, seconds: int) -> tuple[int, ...]:
        """In the time zone of the process (`TZ`). Raises OverflowError or OSError for a year out of range."""
        return tuple(time.localtime(seconds)[:8])


class ShiftedClock(SystemClock):
    """For tests: the wall clock is ahead (or behind) by the seconds in a file, and may jump at any moment."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def wall_ms(self) -> int:
        """CLOCK_REALTIME plus the shift; without the file there is no shift."""
        try:
            with open(self._path, encoding="ascii") as file:
                shift_s = int(file.read() or "0")
        except FileNotFoundError:
            shift_s = 0
        return super().wall_ms() + shift_s * 1_000


def clock_of(environment: Mapping[str, str]) -> SystemClock:
    """Return the machine's clocks. Under FUGUE_TESTING=1, with the shift in the file that FUGUE_CLOCK_SHIFT names."""
    path = environment.get("FUGUE_CLOCK_SHIFT", "")
    if environment.get("FUGUE_TESTING") == "1" and path:
        return ShiftedClock(path)
    return SystemClock()


def timestamp(wall_ms: int) -> str:
    """UTC with milliseconds as RFC 3339 writes it: `2026-11-23T06:47:20.123Z`."""
    seconds, milliseconds = divmod(wall_ms, 1_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{milliseconds:03d}Z"
