"""Answers of a client's terminal among its keys: how long they may take to arrive, and what they change."""

from typing import Final

from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.clients.viewers import Viewers
from fuguemux.terminal.key_reader import Answer

PIECE_SECONDS: Final = 0.5
"""While answers are expected, what may be the Escape key waits at least this long."""
SLOW_SECONDS: Final = 5.0
"""The same for the beginning of an answer."""


def patience(viewer: Viewer, now: float, escape_seconds: float) -> float:
    """How many seconds an unfinished sequence waits for its rest before it counts as keys."""
    if not viewer.terminal.awaits(now):
        return escape_seconds
    return max(escape_seconds, SLOW_SECONDS if viewer.reader.in_answer else PIECE_SECONDS)


def take(answer: Answer, viewer: Viewer, viewers: Viewers) -> None:
    """Take an answer. The caller has the client drawn."""
    changed = viewer.terminal.answered(answer.raw)
    if changed.screen:
        viewer.repaint()
    if changed.colours:
        viewers.give_colours()
