"""move-pane: another name for join-pane, and with some flags the way to move a floating pane."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.join_pane import decide as joined
from fuguemux.commands.parts.floating.drag import dragged
from fuguemux.commands.parts.floating.places import moved
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind

_MOVES: Final = "PzXYUDLR"


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    if invocation.flags.has("M"):
        return dragged(state, live, invocation, moves=True) or Decision()
    if any(invocation.flags.has(letter) for letter in _MOVES):
        return Decision(moved(state, live, invocation, invocation.target))
    return joined(state, live, invocation)


COMMAND: Final = Command(
    name="move-pane",
    alias="movep",
    flags="bD::dfhl:L::Mp:P:R::s:t:U::vX:Y:z:",
    usage="[-bdfhMv] [-D lines] [-l size] [-L columns] [-P position] [-R columns] [-s src-pane] "
    "[-t dst-pane] [-U lines] [-X x-position] [-Y y-position] [-z z-index]",
    arguments=(0, 0),
    source=TargetFlag("s", TargetKind.PANE, default_marked=True),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Split a pane and move another pane into the new space, or move a floating pane.",
)
