"""restore-session: bring back a session that was closed, or one as it was at an earlier time, as a new session."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import RestoreSession
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    at = invocation.flags.value("a") or ""
    return Decision(effects=(RestoreSession(invocation.arguments[0], at),))


COMMAND: Final = Command(
    name="restore-session",
    alias="",
    flags="a:",
    usage="[-a time-or-LSN-or-name] session-name",
    arguments=(1, 1),
    decide=decide,
    help="Restore a closed session, or one from an earlier checkpoint, as a new session.",
    starts_server=True,
)
