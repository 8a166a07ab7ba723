"""Which closed sessions are kept: by age, by what they take on the disk, and by whether anybody would miss them.

Scripts make sessions by the hundred that live for seconds and show a prompt. Of such brief ones the newest few are kept, and
they never take the place of one that somebody worked in.
"""

from collections.abc import Sequence
from typing import Final

from fuguemux.observe.clock import MS_PER_DAY
from fuguemux.persistence.manifest import Manifest

BRIEF_SESSIONS_MAX: Final = 20
SESSIONS_MAX: Final = 1_000
SESSIONS_BYTES_MAX: Final = 512 << 20
"""Compressed, all together; the session that was closed last stays whatever it takes."""
BRIEF_MS: Final = 60_000
BRIEF_ROWS_MAX: Final = 5


def is_brief(lived_ms: int, history_lines: int, rows: int) -> bool:
    """Whether nobody would miss a session that lived so long and left so many lines and rows with text."""
    return lived_ms < BRIEF_MS and history_lines == 0 and rows <= BRIEF_ROWS_MAX


def superfluous(saves: Sequence[Manifest], now_ms: int, days: int) -> list[Manifest]:
    """Those of the closed sessions in `saves` that go. Their order is that of their numbers: clocks may have been set."""
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
