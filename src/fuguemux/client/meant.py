"""What somebody may have meant by a command that does not exist, when there is no server to say so."""

from fuguemux.client.arguments import ClientOptions

ALIASES = ("ls", "has", "killw", "killp", "show", "display", "send")
"""Short names that scripts ask with whether or not a server runs; they need not wait for the table of commands."""


def meant(options: ClientOptions) -> str:
    """Words to be read behind why a command cannot be asked; empty if it exists or resembles none, and for tmux."""
    if not options.argv or options.program.startswith("tmux"):
        return ""
    # Late: a command that exists needs no table of commands, which costs more than the command.
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
