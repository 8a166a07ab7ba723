"""A clock that stands still until a test moves it."""

import time

from fuguemux.observe.clock import NS_PER_MS


class FakeClock:
    """Both clocks in one. `local_time` is UTC, so that no test depends on the machine's time zone."""

    def __init__(self, wall_ms: int = 1_764_000_000_000, monotonic_ns: int = 1_000_000_000) -> None:
        self._wall_ms = wall_ms
        self._monotonic_ns = monotonic_ns

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def wall_ms(self) -> int:
        return self._wall_ms

    def local_time(self, seconds: int) -> tuple[int, ...]:
        return tuple(time.gmtime(seconds)[:8])

    def advance_ms(self, milliseconds: int) -> None:
        """Let time pass on both clocks."""
        if milliseconds < 0:
            raise ValueError("time does not pass backwards; use set_wall_ms")
        self._wall_ms += milliseconds
        self._monotonic_ns += milliseconds * NS_PER_MS

    def set_wall_ms(self, wall_ms: int) -> None:
        """Set the wall clock, possibly back."""
        self._wall_ms = wall_ms
