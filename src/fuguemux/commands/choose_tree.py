"""choose-tree: show sessions, windows and panes in a pane, to choose one."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import EnterMode
from fuguemux.model.events import AnyEvent, PaneActivated, ZoomChanged
from fuguemux.model.layout import Leaf
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, target = invocation.flags, invocation.target
    pane, window = target.pane.id, target.window
    zooms = flags.has("Z") and not window.zoomed and not isinstance(window.layout, Leaf)
    events: tuple[AnyEvent, ...] = ()
    if zooms:
        active = () if window.active == pane else (PaneActivated(window.id, pane),)
        events = (*active, ZoomChanged(window.id, True))
    effect = EnterMode(
        pane,
        "tree-mode",
        template=invocation.arguments[0] if invocation.arguments else "",
        format=flags.value("F") or "",
        filter=flags.value("f") or "",
        key_format=flags.value("K") or "",
        sort=flags.value("O") or "",
        reverse=flags.has("r"),
        preview=not flags.has("N"),
        start="sessions" if flags.has("s") else "windows" if flags.has("w") else "",
        unzoom=zooms,
    )
    return Decision(events, (effect,))


COMMAND: Final = Command(
    name="choose-tree",
    alias="",
    flags="F:f:GK:NO:rst:wZ",
    usage="[-GNrswZ] [-F format] [-f filter] [-K key-format] [-O sort-order] [-t target-pane] [template]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Choose a session, window or pane from a tree.",
)
