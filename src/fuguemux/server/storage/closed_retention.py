"""Decides which closed sessions are kept: by age, by their size on the disk, and by whether anybody would miss them.

Scripts create sessions by the hundred that live for seconds and show a prompt. Only the newest few of such brief sessions
are kept, and they never take the place of one in which a person worked.
"""

from collections.abc import Sequence, Set
from typing import Final

from fuguemux.model.ids import SessionId
from fuguemux.model.state import Session
from fuguemux.observe.clock import MS_PER_DAY, NS_PER_MS, Clock
from fuguemux.persistence.checkpoint.manifest import Manifest

BRIEF_SESSIONS_MAX: Final = 20
SESSIONS_MAX: Final = 1_000
SESSIONS_BYTES_MAX: Final = 512 << 20
"""The compressed size of all of them together. The session that was closed last is kept whatever its size."""
BRIEF_MS: Final = 60_000
BRIEF_ROWS_MAX: Final = 5


def is_brief(lived_ms: int, history_lines: int, rows: int) -> bool:
    """Whether a session with this lifetime, this many lines, and this many rows with text is too short to be worth keeping."""
    return lived_ms < BRIEF_MS and history_lines == 0 and rows <= BRIEF_ROWS_MAX


class Lifetimes:
    """How long sessions have lived, by the monotonic clock, because the wall clock may be set meanwhile."""

    def __init__(self, clock: Clock, sessions: Set[SessionId]) -> None:
        """`sessions` are those that an earlier server created."""
        self._clock = clock
        self._earlier = frozenset(sessions)
        self._known_ns = dict.fromkeys(sessions, clock.monotonic_ns())

    def note(self, sessions: Set[SessionId]) -> None:
        """Note which sessions exist now."""
        known, now_ns = self._known_ns, self._clock.monotonic_ns()
        self._known_ns = {session: known.get(session, now_ns) for session in sessions}

    def lived_ms(self, session: Session) -> int:
        """The lifetime of a session. For one from an earlier server: by the wall clock, but at least as long as this
        server has had it.
        """
        now_ns = self._clock.monotonic_ns()
        here_ms = (now_ns - self._known_ns.get(session.id, now_ns)) // NS_PER_MS
        if session.id not in self._earlier:
            return here_ms
        return max(self._clock.wall_ms() - session.created_ms, here_ms)


def superfluous(saves: Sequence[Manifest], now_ms: int, days: int) -> list[Manifest]:
    """Return the closed sessions in `saves` that are to be removed. Their order is that of their numbers, since clocks
    may have been set.
    """
    gone: list[Manifest] = []
    brief = others = size = 0
    for save in sorted(saves, key=lambda save: save.number, reverse=True):
        if not days or now_ms - save.created_ms >= days * MS_PER_DAY:
            gone.append(save)
        elif save.brief:
            brief += 1
            if brief > BRIEF_SESSIONS_MAX:
                gone.append(save)
        else:
            others += 1
            size += save.new_bytes
            if others > SESSIONS_MAX or (others > 1 and size > SESSIONS_BYTES_MAX):
                gone.append(save)
    return gone
