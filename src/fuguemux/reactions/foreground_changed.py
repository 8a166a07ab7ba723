"""The foreground program of a pane changed. Its words are stored, so that it can be named, and offered after a restart."""

from typing import Final, NamedTuple

from fuguemux.model.decision import Decision
from fuguemux.model.events import ForegroundChanged
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Ran, ServerState

FOREGROUND_BYTES_MAX: Final = 16 << 10
"""Of longer command lines only the beginning is stored, for people. Part of a command must never be run."""
BEGINNING_BYTES_MAX: Final = 1 << 10

Words = tuple[bytes, ...]


class Programs(NamedTuple):
    """What runs in a pane beside its own shell, as in the event. Empty `argv`: nothing but the shell is in the
    foreground.
    """

    argv: Words = ()
    pipeline: tuple[Words, ...] = ()
    ran: Ran = Ran.COMMAND
    jobs: tuple[Words, ...] = ()


def decide(state: ServerState, live: LiveView, pane: PaneId, programs: Programs) -> Decision:
    """Returns no events if nothing has changed."""
    del live
    known = state.panes.get(pane)
    programs = _bounded(programs)
    if known is None or programs == (known.foreground, known.pipeline, known.ran, known.jobs):
        return Decision()
    return Decision((ForegroundChanged(pane, *programs),))


def _bounded(programs: Programs) -> Programs:
    jobs = tuple(_beginning(job) for job in programs.jobs)
    if _size(programs.argv) + sum(map(_size, programs.pipeline)) > FOREGROUND_BYTES_MAX:
        return Programs(_beginning(programs.argv), (), Ran.BEGINNING, jobs)
    return programs._replace(jobs=jobs)


def _size(words: Words) -> int:
    return sum(len(word) + 1 for word in words)


def _beginning(words: Words) -> Words:
    """The first words that fit, and of the first one as much as fits."""
    kept = [words[0][:BEGINNING_BYTES_MAX]] if words else []
    for word in words[1:]:
        if _size(tuple(kept)) + len(word) >= BEGINNING_BYTES_MAX:
            break
        kept.append(word)
    return tuple(kept)
