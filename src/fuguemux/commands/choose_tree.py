"""choose-tree: show sessions, windows and panes in a pane, to choose one."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.mode_lists import Start, shown
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    template = invocation.arguments[0] if invocation.arguments else ""
    start: Start = "sessions" if flags.has("s") else "windows" if flags.has("w") else ""
    return shown(invocation, "tree-mode", template=template, start=start, groups=flags.has("G"))


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
