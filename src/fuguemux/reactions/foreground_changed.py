"""Another program is in the foreground of a pane. Its words are kept, so that it can be offered again after a restart."""

from typing import Final

from fuguemux.model.decision import Decision
from fuguemux.model.events import ForegroundChanged
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

FOREGROUND_BYTES_MAX: Final = 16 << 10
"""Longer command lines are not kept at all: half of one must never be run."""


def decide(state: ServerState, live: LiveView, pane: PaneId, argv: tuple[bytes, ...]) -> Decision:
    """Nothing if it is the same as before. Empty `argv`: the pane's own process."""
    if sum(len(word) + 1 for word in argv) > FOREGROUND_BYTES_MAX:
        argv = ()
    known = state.panes.get(pane)
    if known is None or known.foreground == argv:
        return Decision()
    return Decision((ForegroundChanged(pane, argv),))
