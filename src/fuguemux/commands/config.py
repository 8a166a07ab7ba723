"""config: make the running server read its configuration file again. Looking at it needs no server: cli/config_commands.py."""

from typing import Final

from fuguemux.commands.command import Command, Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import ReloadConfiguration
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    if invocation.arguments != ("reload",):
        raise Refused("usage: config reload")
    return Decision(effects=(ReloadConfiguration(),))


COMMAND: Final = Command(
    name="config",
    alias="",
    flags="",
    usage="reload",
    arguments=(0, None),
    decide=decide,
    help="Read the configuration file again, now.",
    plain_words=True,
)
