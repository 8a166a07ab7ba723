"""How old things are, for what is deleted by its age: a wall clock that somebody set forward makes nothing old.

Time passes here as the monotonic clock measures it. What the wall clock is ahead of that is believed at once up to a day
(the machine was off over night, or slept); more only after it has been ahead by just so much for six hours of uptime. A
clock that is set back does not make things younger. Where this had got to outlives the server, in the helper file `age`
of the state directory: milliseconds since the epoch, decimal.
"""

import contextlib
from typing import Final, NamedTuple

from fuguemux.observe.clock import MS_PER_DAY, NS_PER_MS, Clock
from fuguemux.persistence.recovery.helper_files import AGE_FILE, helper_or_nothing
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.small_file import write_small

AT_ONCE_MS: Final = MS_PER_DAY
CONFIRMED_MS: Final = 6 * 3_600_000
SAME_MS: Final = 10 * 60_000
STORE_EVERY_MS: Final = 10 * 60_000


class _Doubt(NamedTuple):
    """The wall clock is ahead by so much, since then."""

    ahead_ms: int
    since_ns: int


class AgeClock:
    """One for a server. `look` is quick; `store` blocks."""

    def __init__(self, storage: Storage, state_directory: str, clock: Clock, last_ms: int) -> None:
        """`last_ms`: wall time of the newest record of the log, for a state that has no file yet; 0: there is none."""
        self._storage = storage
        self._directory = state_directory
        self._clock = clock
        self._stored = self._read()
        self._now_ms = self._stored or last_ms or clock.wall_ms()
        self._looked_ns = clock.monotonic_ns()
        self._doubt: _Doubt | None = None

    def look(self) -> int:
        """What is to be taken for the time, in milliseconds since the epoch. Never goes back."""
        now_ns, wall_ms = self._clock.monotonic_ns(), self._clock.wall_ms()
        self._now_ms += (now_ns - self._looked_ns) // NS_PER_MS
        self._looked_ns = now_ns
        ahead = wall_ms - self._now_ms
        if ahead <= AT_ONCE_MS or self._confirmed(ahead, now_ns):
            self._doubt = None
            self._now_ms = max(self._now_ms, wall_ms)
        elif self._doubt is None or abs(ahead - self._doubt.ahead_ms) > SAME_MS:
            self._doubt = _Doubt(ahead, now_ns)
        return self._now_ms

    def _confirmed(self, ahead: int, now_ns: int) -> bool:
        doubt = self._doubt
        if doubt is None or abs(ahead - doubt.ahead_ms) > SAME_MS:
            return False
        return now_ns - doubt.since_ns >= CONFIRMED_MS * NS_PER_MS

    def store(self) -> None:
        """Keep where this has got to. A disk that does not take it costs only that the next server knows less."""
        if self._now_ms - self._stored < STORE_EVERY_MS:
            return
        with contextlib.suppress(OSError):
            write_small(self._storage, self._directory, AGE_FILE, b"%d\n" % self._now_ms)
            self._stored = self._now_ms

    def _read(self) -> int:
        try:
            return max(0, int(helper_or_nothing(self._storage, self._directory, AGE_FILE)))
        except ValueError:
            return 0
