"""How messages and prompts look."""

from typing import NamedTuple


class StatusStyles(NamedTuple):
    """Styles in tmux's words: of messages and prompts, and of a prompt with vi keys in command mode."""

    message: str
    command: str
