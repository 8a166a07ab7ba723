"""swap-window: exchange two windows."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.events import AnyEvent, WindowSelected, WindowsSwapped
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    source = invocation.source
    target = invocation.target
    if source.window.id == target.window.id:
        return Decision()
    events: list[AnyEvent] = [
        WindowsSwapped(source.session.id, source.link.index, target.session.id, target.link.index)
    ]
    if invocation.flags.has("d"):
        events.append(WindowSelected(target.session.id, target.link.index))
        if source.session.id != target.session.id:
            events.append(WindowSelected(source.session.id, source.link.index))
    return Decision(tuple(events))


COMMAND: Final = Command(
    name="swap-window",
    alias="swapw",
    flags="ds:t:",
    usage="[-d] [-s src-window] [-t dst-window]",
    arguments=(0, 0),
    source=TargetFlag("s", TargetKind.WINDOW, default_marked=True),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide,
    help="Swap two windows.",
)
