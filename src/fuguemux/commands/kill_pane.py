"""kill-pane: close a pane, or with `-a` all other panes of its window."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.closing import close_panes
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import panes_in
from fuguemux.options.derived import renumbering
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    target = invocation.target
    gone = {target.pane.id}
    if invocation.flags.has("a"):
        gone = set(panes_in(target.window)) - gone
    return Decision(
        close_panes(state, target.window, gone, renumbering(state, live.option_defaults()))
        if gone
        else ()
    )


COMMAND: Final = Command(
    name="kill-pane",
    alias="killp",
    flags="at:",
    usage="[-a] [-t target-pane]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Close a pane and end its program.",
)
