"""kill-session: close a session and the windows that are in no other session. `-a` closes all other sessions instead."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import ClearAlerts
from fuguemux.model.events import SessionDestroyed
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    session = invocation.target.session
    if invocation.flags.has("C"):
        return Decision(effects=(ClearAlerts(session.id),))
    gone = [session.id]
    if invocation.flags.has("a"):
        gone = [other for other in sorted(state.sessions) if other != session.id]
    return Decision(tuple(SessionDestroyed(other) for other in gone))


COMMAND: Final = Command(
    name="kill-session",
    alias="",
    flags="aCt:",
    usage="[-aC] [-t target-session]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.SESSION),
    decide=decide,
    help="Close a session and end its programs.",
)
