"""unlink-window: remove a window from a session. `-k` allows it for the last session too, which closes the window."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.closing import close_links
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, is_linked_elsewhere
from fuguemux.options.derived import renumbering
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    session, link = invocation.target.session, invocation.target.link
    if not invocation.flags.has("k") and not is_linked_elsewhere(
        state, session, invocation.target.window
    ):
        raise Refused("window only linked to one session")
    return Decision(close_links(session, {link.index}, renumbering(state, live.option_defaults())))


COMMAND: Final = Command(
    name="unlink-window",
    alias="unlinkw",
    flags="kt:",
    usage="[-k] [-t target-window]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide,
    help="Remove a window from a session that it is linked to.",
)
