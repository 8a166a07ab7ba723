"""command-prompt: ask a client's user for text, and run a command made from the answers."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.commands.parts.prompt_types import given_type
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import Prompt
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import CURRENT, TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    client = invocation.client
    target = invocation.optional_target
    template = invocation.arguments[0] if invocation.arguments else ""
    if flags.has("F"):
        template = settings.expanded(state, live, invocation, template, target)
    given = flags.value("p")
    if given is not None:
        prompts = tuple(f"{text} " for text in given.split(","))
    else:
        prompts = (f"({template.split(' ')[0]}) " if template else ":",)
    inputs = (flags.value("I") or "").split(",")
    initial = tuple(inputs[at] if at < len(inputs) else "" for at in range(len(prompts)))

    def expanded(text: str) -> str:
        return settings.expanded(state, live, invocation, text, target, time=True)

    how = next((letter for letter in "1Nik" if flags.has(letter)), "")
    effect = Prompt(
        client.id,
        tuple(map(expanded, prompts)),
        tuple(map(expanded, initial)),
        template or "%1",
        kind=given_type(invocation) or "command",
        single=how == "1",
        numeric=how == "N",
        incremental=how == "i",
        key=how == "k",
        wait=not flags.has("b"),
    )
    return Decision(effects=(effect,))


COMMAND: Final = Command(
    name="command-prompt",
    alias="",
    flags="1bFkiI:Np:t:T:",
    usage="[-1bFkiN] [-I inputs] [-p prompts] [-t target-client] [-T type] [template]",
    arguments=(0, 1),
    client=TargetFlag("t", TargetKind.CLIENT),
    target=CURRENT,
    decide=decide,
    help="Show a prompt on a client and run a command made from the answer.",
)
