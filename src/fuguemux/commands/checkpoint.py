"""checkpoint: write one now; the answer comes when it is durable."""

from typing import Final

from fuguemux.commands.command import Command, Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import Checkpoint
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    reason = invocation.arguments[0] if invocation.arguments else "asked for"
    return Decision(effects=(Checkpoint(reason),))


COMMAND: Final = Command(
    name="checkpoint",
    alias="",
    flags="",
    usage="[reason]",
    arguments=(0, 1),
    decide=decide,
    help="Write a checkpoint now.",
)
