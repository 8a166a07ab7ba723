"""link-window: show a window at one more index, in the same or another session."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.linking import linked, place_for
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    source = invocation.source
    place = place_for(invocation)
    events, _ = linked(state, live, source, place, kill=flags.has("k"), select=not flags.has("d"))
    return Decision(events)


COMMAND: Final = Command(
    name="link-window",
    alias="linkw",
    flags="abdks:t:",
    usage="[-abdk] [-s src-window] [-t dst-window]",
    arguments=(0, 0),
    source=TargetFlag("s", TargetKind.WINDOW),
    target=TargetFlag("t", TargetKind.WINDOW_INDEX),
    decide=decide,
    help="Link a window to another index or session as well.",
)
