"""show-prompt-history and clear-prompt-history: what was answered at prompts."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.prompt_types import given_type
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import PromptHistoryAsked
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    clear = invocation.name == "clear-prompt-history"
    return Decision(effects=(PromptHistoryAsked(given_type(invocation), clear),))


COMMAND: Final = Command(
    name="show-prompt-history",
    alias="showphist",
    flags="T:",
    usage="[-T type]",
    arguments=(0, 0),
    decide=decide,
    help="Show what was answered at prompts.",
    read_only=True,
)
