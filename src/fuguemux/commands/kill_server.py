"""kill-server: close all sessions and stop the server. The user wants this, so no later start brings them back."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import StopServer
from fuguemux.model.events import SessionDestroyed
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return Decision(
        tuple(SessionDestroyed(session) for session in sorted(state.sessions)), (StopServer(),)
    )


COMMAND: Final = Command(
    name="kill-server",
    alias="",
    flags="",
    usage="",
    arguments=(0, 0),
    decide=decide,
    help="Close all sessions for good and stop the server.",
)
