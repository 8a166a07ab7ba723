"""rename-session: give a session another name."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import SessionRenamed
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind
from fuguemux.targets.session_names import checked_name, session_called


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    target = invocation.target
    session = target.session
    text = settings.expanded(state, live, invocation, invocation.arguments[0], target)
    name = checked_name(text)
    if name == session.name:
        return Decision()
    if session_called(state, name) is not None:
        raise Refused(f"duplicate session: {name}")
    return Decision((SessionRenamed(session.id, name),))


COMMAND: Final = Command(
    name="rename-session",
    alias="rename",
    flags="t:",
    usage="[-t target-session] new-name",
    arguments=(1, 1),
    target=TargetFlag("t", TargetKind.SESSION),
    decide=decide,
    help="Rename a session.",
)
