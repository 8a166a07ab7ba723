"""Decides when to start the server again after it died: pure arithmetic on given times."""

from __future__ import annotations

BACK_OFF_SECONDS = (0.0, 0.1, 0.2, 0.5, 1.0)
CRASHES_MAX = 5
KILLS_MAX = 60
WINDOW_SECONDS = 30.0


class RestartPolicy:
    """Remembers the deaths of the last `WINDOW_SECONDS`, and says how long to wait, or that it is enough.

    A server that was serving and was killed by SIGKILL did not fail by itself: a person killed it, or the kernel for lack
    of memory. That does not count as a crash, but has a limit of its own.
    """

    def __init__(self) -> None:
        self._crashes: list[float] = []
        self._kills: list[float] = []

    def seconds_to_wait(self, now: float, *, killed: bool) -> float | None:
        """Note a death at `now`. Returns the pause before the next start, or None to give up."""
        self._crashes = [time for time in self._crashes if now - time < WINDOW_SECONDS]
        self._kills = [time for time in self._kills if now - time < WINDOW_SECONDS]
        (self._kills if killed else self._crashes).append(now)
        if len(self._crashes) >= CRASHES_MAX or len(self._kills) >= KILLS_MAX:
            return None
        # Restart at once after a first crash, since it is usually the only one.
        return BACK_OFF_SECONDS[max(len(self._crashes) - 1, 0)]

    def forgive(self) -> None:
        """Forget all deaths, because a person asked for another attempt."""
        self._crashes.clear()
        self._kills.clear()
