"""Suggests what a user may have meant by a command that does not exist, if there is no server to say so."""

from fuguemux.client.arguments import ClientOptions

ALIASES = ("ls", "has", "killw", "killp", "show", "display", "send")
"""Short names with which scripts ask whether a server runs. They need not wait for the table of commands."""


def meant(options: ClientOptions) -> str:
    """Return the suggestion to append to the error. Empty if the command exists or resembles none, and for tmux."""
    if not options.argv or options.program.startswith("tmux"):
        return ""
    # Late: the table of commands takes longer to import than a command, and an existing command does not need it.
    from fuguemux.language.names import TMUX_NAMES

    word = options.argv[0]
    if word in ALIASES or any(name.startswith(word) for name in TMUX_NAMES):
        return ""
    from fuguemux.commands import table
    from fuguemux.model.decision import Refused

    try:
        table.find(word)
    except Refused as refusal:
        return f"; {refusal.told()}" if refusal.near else ""
    return ""
