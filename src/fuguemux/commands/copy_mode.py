"""copy-mode: show the lines that scrolled off a pane's screen."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import LeaveModes, ScrollView
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    pane: PaneId | None = invocation.target.pane.id
    if flags.has("q"):
        target = invocation.target.pane.id
        return Decision(effects=(ScrollView(target, leave=True), LeaveModes(target)))
    drag: tuple[ClientId, Pointing] | None = None
    mouse = invocation.request.mouse
    if flags.has("M"):
        pane = None if mouse is None else mouse.pane
        if mouse is None or pane not in state.panes:
            return Decision()
        drag = invocation.request.client, mouse
    assert pane is not None, "the target is a pane"
    view = ScrollView(
        pane,
        page_up=flags.has("u"),
        ends_at_bottom=flags.has("e"),
        hide_position=flags.has("H"),
        source=invocation.source.pane.id if flags.has("s") else None,
        drag=drag,
    )
    return Decision(effects=(view,))


COMMAND: Final = Command(
    name="copy-mode",
    alias="",
    flags="eHMs:t:uq",
    usage="[-eHMuq] [-s src-pane] [-t target-pane]",
    arguments=(0, 0),
    source=TargetFlag("s", TargetKind.PANE, only_given=True),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Enter copy mode: scroll, search and copy a pane's scrollback.",
    read_only=True,
)
