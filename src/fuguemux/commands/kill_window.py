"""kill-window: close a window in every session, or with `-a` all other windows of its session."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.closing import close_windows
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options.derived import renumbering
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    target = invocation.target
    gone = {target.window.id}
    if invocation.flags.has("a"):
        windows = [link.window for link in target.session.links]
        gone = set(windows) if windows.count(target.window.id) > 1 else set(windows) - gone
    return Decision(close_windows(state, gone, renumbering(state, live.option_defaults())))


COMMAND: Final = Command(
    name="kill-window",
    alias="killw",
    flags="at:",
    usage="[-a] [-t target-window]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide,
    help="Close a window and end its programs.",
)
