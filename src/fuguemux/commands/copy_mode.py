"""copy-mode: show the lines that scrolled off a pane's screen."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import LeaveModes, ScrollView
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    view = ScrollView(
        target.pane.id,
        page_up=flags.has("u"),
        leave=flags.has("q"),
        ends_at_bottom=flags.has("e"),
    )
    return Decision(effects=(view, LeaveModes(target.pane.id)) if flags.has("q") else (view,))


COMMAND: Final = Command(
    name="copy-mode",
    alias="",
    flags="eHMs:t:uq",
    usage="[-eHMuq] [-s src-pane] [-t target-pane]",
    arguments=(0, 0),
    source=TargetFlag("s", TargetKind.NONE),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Enter copy mode: scroll, search and copy a pane's scrollback.",
    read_only=True,
)
