"""last-pane: make the previously active pane active again."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.selecting import last_pane_selected
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    if flags.has("e") or flags.has("d"):
        return Decision()
    return last_pane_selected(target.window, keep_zoom=flags.has("Z"))


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
