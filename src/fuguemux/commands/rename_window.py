"""rename-window: give a window another name, and stop renaming it automatically."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.events import OptionSet, WindowRenamed
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.model.window_names import bounded_name
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    target = invocation.target
    text = settings.expanded(state, live, invocation, invocation.arguments[0], target)
    return Decision(
        (
            WindowRenamed(target.window.id, bounded_name(text)),
            OptionSet("window", target.window.id, "automatic-rename", "off"),
        )
    )


COMMAND: Final = Command(
    name="rename-window",
    alias="renamew",
    flags="t:",
    usage="[-t target-window] new-name",
    arguments=(1, 1),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide,
    help="Rename a window.",
)
