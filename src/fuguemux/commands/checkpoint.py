"""checkpoint: write a checkpoint now, and answer when it is durable. `-s` keeps it under a name, `-d` deletes such a
save.

`-n` creates the state directory again after it was moved or removed (`fugue state here`)."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import Checkpoint, DeleteSave, SaveHere
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

NAME_BYTES_MAX: Final = 100
"""The longest name of a save. The name of its file consists of the hexadecimal digits of this name."""


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    if invocation.flags.has("n"):
        if invocation.flags.value("s") or invocation.flags.value("d") or invocation.arguments:
            raise Refused("checkpoint: -n goes with nothing else")
        return Decision(effects=(SaveHere(),))
    save, delete = invocation.flags.value("s"), invocation.flags.value("d")
    if delete is not None:
        if save is not None or invocation.arguments:
            raise Refused("checkpoint: -d takes a name and nothing else")
        return Decision(effects=(DeleteSave(delete),))
    if save is not None:
        check_save_name(save)
    default = "asked for" if save is None else "saved"
    reason = invocation.arguments[0] if invocation.arguments else default
    return Decision(effects=(Checkpoint(reason, save or ""),))


def check_save_name(name: str) -> None:
    """Raise Refused if the name is too long, or looks like a time or the number of a log record."""
    if not 0 < len(name.encode("utf-8", "surrogateescape")) <= NAME_BYTES_MAX:
        raise Refused(f"the name of a save has 1 to {NAME_BYTES_MAX} bytes")
    if not name.isprintable() or name[0].isdigit() or name[0] == "-":
        raise Refused(f"not a name for a save: {name!r}: begin it with a letter")


COMMAND: Final = Command(
    name="checkpoint",
    alias="",
    flags="d:ns:",
    usage="[-n] [-d name] [-s name] [reason]",
    arguments=(0, 1),
    decide=decide,
    help="Write a checkpoint now; with -s save it under a name, -d deletes it; with -n create a state directory "
    "again that was moved or removed, and save everything there.",
)
