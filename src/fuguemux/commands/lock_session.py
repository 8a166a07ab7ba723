"""lock-session: lock all clients that show a session."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.locking import locked
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    session = invocation.target.session.id
    return locked(state, live, (one for one in live.clients() if one.session == session))


COMMAND: Final = Command(
    name="lock-session",
    alias="locks",
    flags="t:",
    usage="[-t target-session]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.SESSION),
    decide=decide,
    help="Lock all clients that show a session.",
)
