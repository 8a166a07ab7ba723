"""rotate-window: move each pane of a window to the next cell. The same cell stays active."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.zooming import unzoomed_unless
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.events import AnyEvent, LayoutChanged, PaneActivated
from fuguemux.model.layout import panes_of, renamed
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    window = invocation.target.window
    before = panes_of(window.layout)
    if len(before) == 1:
        return Decision()
    step = -1 if invocation.flags.has("D") else 1
    after = (*before[step:], *before[:step])
    events: tuple[AnyEvent, ...] = (
        *unzoomed_unless(window, keep=invocation.flags.has("Z")),
        LayoutChanged(window.id, renamed(window.layout, dict(zip(before, after, strict=True)))),
    )
    if window.active in before:
        events += (PaneActivated(window.id, after[before.index(window.active)]),)
    return Decision(events)


COMMAND: Final = Command(
    name="rotate-window",
    alias="rotatew",
    flags="Dt:UZ",
    usage="[-DUZ] [-t target-window]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide,
    help="Move each pane of a window to the position of the next one.",
)
