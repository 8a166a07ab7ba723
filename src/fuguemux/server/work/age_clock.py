"""A clock for deletion by age, which does not make things older when the wall clock is set forward.

Time passes as the monotonic clock measures it. If the wall clock is ahead of that by up to a day, it is believed at once,
because the machine may have been off or asleep. A larger difference is believed only after it has stayed the same for six
hours of uptime. A wall clock that is set back does not make things younger. The time outlives the server in the helper
file `age` of the state directory: milliseconds since the epoch, decimal.
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
    """The wall clock has been ahead by `ahead_ms` since `since_ns`."""

    ahead_ms: int
    since_ns: int


class AgeClock:
    """One per server. `look` is quick; `store` blocks."""

    def __init__(self, storage: Storage, state_directory: str, clock: Clock, last_ms: int) -> None:
        """`last_ms` is the wall time of the newest log record, for a state without the file yet; 0 if there is none."""
        self._storage = storage
        self._directory = state_directory
        self._clock = clock
        self._stored = self._read()
        self._now_ms = self._stored or last_ms or clock.wall_ms()
        self._looked_ns = clock.monotonic_ns()
        self._doubt: _Doubt | None = None

    def look(self) -> int:
        """Return the time for ages, in milliseconds since the epoch. Never goes back."""
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
        """Store the time. If the disk refuses, the only loss is that the next server knows an older time."""
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
