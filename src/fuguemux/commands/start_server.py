"""start-server: start the server if it is not running. The client does so before it sends the command."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return Decision()


COMMAND: Final = Command(
    name="start-server",
    alias="start",
    flags="",
    usage="",
    arguments=(0, 0),
    decide=decide,
    help="Start the server if it is not running.",
    starts_server=True,
    read_only=True,
)
