"""respawn-window: start a window again with only its first pane. `-k` ends the processes that still run in it."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.respawning import is_active, respawned
from fuguemux.commands.parts.zooming import unzoomed
from fuguemux.language.invocation import Invocation
from fuguemux.model.closing import close_panes
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import StartProcess
from fuguemux.model.events import AnyEvent
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import panes_in
from fuguemux.options.derived import renumbering
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    target = invocation.target
    first, *others = panes_in(target.window)
    panes = [state.panes[pane] for pane in (first, *others)]
    if any(map(is_active, panes)) and not invocation.flags.has("k"):
        where = f"{target.session.name}:{target.link.index}"
        raise Refused(f"respawn window failed: window {where} still active")
    closing: tuple[AnyEvent, ...] = unzoomed(target.window)
    if others:
        closing += close_panes(
            state, target.window, others, renumbering(state, live.option_defaults())
        )
    event = respawned(state, live, invocation, target, panes[0])
    return Decision((*closing, event), (StartProcess(first),))


COMMAND: Final = Command(
    name="respawn-window",
    alias="respawnw",
    flags="c:e:kt:",
    usage="[-k] [-c start-directory] [-e environment] [-t target-window] [shell-command]",
    arguments=(0, None),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide,
    help="Start a window's program again.",
)
