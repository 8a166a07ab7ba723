"""last-pane: the pane that was active before becomes active again."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.zooming import unzoomed_unless
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import PaneActivated
from fuguemux.model.layout import panes_of
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Window
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    if flags.has("e") or flags.has("d"):
        return Decision()
    return last_pane_selected(target.window, keep_zoom=flags.has("Z"))


def last_pane_selected(window: Window, *, keep_zoom: bool) -> Decision:
    """The pane active before, or of two panes the other one. Raises Refused if there is none."""
    panes = panes_of(window.layout)
    if window.last:
        pane = window.last[0]
    elif len(panes) == 2:
        pane = panes[1 - panes.index(window.active)]
    else:
        raise Refused("no last pane")
    events = unzoomed_unless(window, keep=keep_zoom)
    return Decision((*events, PaneActivated(window.id, pane)))


COMMAND: Final = Command(
    name="last-pane",
    alias="lastp",
    flags="det:Z",
    usage="[-deZ] [-t target-window]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide,
    help="Select the pane that was active before.",
)
