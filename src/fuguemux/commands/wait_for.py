"""wait-for: let commands wait for each other by means of named channels."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import WaitFor, WaitMode
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

_MODES: Final[tuple[tuple[str, WaitMode], ...]] = (("S", "signal"), ("L", "lock"), ("U", "unlock"))


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    mode: WaitMode = "wait"
    for letter, wanted in _MODES:
        if flags.has(letter):
            mode = wanted
            break
    return Decision(effects=(WaitFor(invocation.arguments[0], mode),))


COMMAND: Final = Command(
    name="wait-for",
    alias="wait",
    flags="LSU",
    usage="[-L|-S|-U] channel",
    arguments=(1, 1),
    decide=decide,
    help="Wait for, wake, lock or unlock a channel.",
)
