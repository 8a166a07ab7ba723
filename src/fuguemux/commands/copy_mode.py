"""copy-mode: show the lines that scrolled off a pane's screen."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import LeaveModes, ScrollView
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind
from fuguemux.targets.targets import pane_target


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    pane: PaneId | None = invocation.target.pane.id
    if flags.has("q"):
        target = invocation.target.pane.id
        return Decision(effects=(ScrollView(target, leave=True), LeaveModes(target)))
    drag: tuple[ClientId, Pointing] | None = None
    mouse = invocation.request.mouse
    if flags.has("M"):
        pane = _under_the_mouse(state, live, invocation)
        if pane is None or mouse is None:
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


def _under_the_mouse(state: ServerState, live: LiveView, invocation: Invocation) -> PaneId | None:
    """The pane that the mouse event is about. None: there is none, and nothing happens, as in tmux."""
    try:
        return pane_target(state, live, invocation.request, "=").pane.id
    except Refused:
        return None


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
