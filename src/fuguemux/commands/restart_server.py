"""restart-server: replace the server by a new process. Programs keep running, and clients stay attached."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import RestartServer
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return Decision(effects=(RestartServer(),))


COMMAND: Final = Command(
    name="restart-server",
    alias="",
    flags="",
    usage="",
    arguments=(0, 0),
    decide=decide,
    help="Replace the server process by a new one; programs keep running and clients stay attached.",
)
