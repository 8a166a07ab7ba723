"""The types of prompts, which have separate histories."""

from typing import Final, get_args

from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Refused
from fuguemux.model.effects import PromptType

PROMPT_TYPES: Final[tuple[PromptType, ...]] = get_args(PromptType)


def given_type(invocation: Invocation) -> PromptType | None:
    """The type that `-T` names. Raises Refused."""
    text = invocation.flags.value("T")
    if text is None:
        return None
    for kind in PROMPT_TYPES:
        if kind == text:
            return kind
    said = "unknown" if invocation.name == "command-prompt" else "invalid"
    raise Refused(f"{said} type: {text}")
