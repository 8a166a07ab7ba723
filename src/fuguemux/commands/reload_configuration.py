"""reload-configuration: read the configuration file again at once. `fugue config reload` sends it
(cli/config_commands.py)."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import ReloadConfiguration
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return Decision(effects=(ReloadConfiguration(),))


COMMAND: Final = Command(
    name="reload-configuration",
    alias="",
    flags="",
    usage="",
    arguments=(0, 0),
    decide=decide,
    help="Read the configuration file again at once.",
)
