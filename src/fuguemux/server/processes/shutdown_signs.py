"""Signs that the machine or the login session is ending, read without privileges. Linux only; other systems show none.

`server/processes/logind.py` notes here what logind announces by D-Bus. Each other sign is a file that systemd, logind or
sysvinit leaves. These files come and go at any time, so they are read only when a process has exited in a way that a
shutdown could have caused.
"""

import os
import struct
from collections.abc import Callable

SCHEDULED_SECONDS_MAX = 60
"""A shutdown that is scheduled for later than this is not near."""
NOLOGIN_SECONDS_MAX = 600
"""A `/run/nologin` older than this announces no shutdown; some containers have one all their life."""

UTMP_RECORD = struct.Struct("<hxxi32s")
UTMP_RECORD_BYTES = 384
RUN_LEVEL = 1
ENDING_LEVELS = frozenset(b"06")
UTMP_BYTES_MAX = 256 << 10


class ShutdownSigns:
    """Tells whether a shutdown is near. Once `terminating` is set, because this process was told to end, the answer stays
    yes.
    """

    def __init__(self, wall_ms: Callable[[], int], run: str = "/run") -> None:
        self._wall_ms = wall_ms
        self._run = run
        self.terminating = False
        self.announced = False
        """Whether logind has announced a shutdown and not called it off."""

    def near(self) -> bool:
        """Whether there is any sign. Reads a few small files; never raises."""
        return self.terminating or bool(self.reason())

    def reason(self) -> str:
        """The sign that the system gives, in words. Empty if there is none."""
        if self.announced:
            return "logind announces a shutdown"
        if self._scheduled():
            return "a shutdown is scheduled"
        if self._logins_refused():
            return "logins are refused"
        if self._run_level_ending():
            return "the run level is that of a shutdown"
        return ""

    def _scheduled(self) -> bool:
        """systemd-logind(8): `USEC=` is the time of the shutdown in microseconds since the epoch."""
        try:
            with open(f"{self._run}/systemd/shutdown/scheduled", encoding="ascii") as file:
                lines = file.read(4096).splitlines()
        except (OSError, ValueError):
            return False
        for line in lines:
            name, _, value = line.partition("=")
            if name == "USEC" and value.isdigit():
                return int(value) // 1000 - self._wall_ms() < SCHEDULED_SECONDS_MAX * 1000
        return False

    def _logins_refused(self) -> bool:
        """nologin(5): the file exists shortly before a shutdown."""
        try:
            made_s = os.stat(f"{self._run}/nologin").st_mtime
        except OSError:
            return False
        # Both are wall-clock times, since files have no others.
        return abs(self._wall_ms() / 1000 - made_s) < NOLOGIN_SECONDS_MAX

    def _run_level_ending(self) -> bool:
        """utmp(5): a RUN_LVL record whose level is 0 or 6."""
        try:
            with open(f"{self._run}/utmp", "rb") as file:
                data = file.read(UTMP_BYTES_MAX)
        except OSError:
            return False
        for at in range(0, len(data) - UTMP_RECORD_BYTES + 1, UTMP_RECORD_BYTES):
            kind, level, _ = UTMP_RECORD.unpack_from(data, at)
            if kind == RUN_LEVEL:
                return (level & 0xFF) in ENDING_LEVELS
        return False
