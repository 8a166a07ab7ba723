"""confirm-before: run a command if the client's user answers y."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import Prompt
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import CURRENT, TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    command = invocation.arguments[0]
    client = invocation.client
    given = invocation.flags.value("p")
    if given is None:
        words = command.split()
        given = f"Confirm '{words[0] if words else ''}'? (y/n)"
    target = invocation.optional_target
    prompt = settings.expanded(state, live, invocation, f"{given} ", target)
    wait = not invocation.flags.has("b")
    effect = Prompt(client.id, (prompt,), ("",), command, confirm=True, wait=wait)
    return Decision(effects=(effect,))


COMMAND: Final = Command(
    name="confirm-before",
    alias="confirm",
    flags="bp:t:",
    usage="[-b] [-p prompt] [-t target-client] command",
    arguments=(1, 1),
    client=TargetFlag("t", TargetKind.CLIENT),
    target=CURRENT,
    decide=decide,
    help="Ask for confirmation before running a command.",
)
