"""server-access: which users may use the server. Only its own user may: the socket and the state are private.

The answers are those of tmux 3.3a, which does not list root, but another user is refused.
"""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    owner = live.server().user
    if flags.has("l"):
        return Decision(reply=Reply(() if owner == "root" else (f"{owner} (W)",)))
    name = invocation.arguments[0] if invocation.arguments else ""
    if not name:
        raise Refused("missing user argument")
    if name in (owner, "root"):
        raise Refused(f"{name} owns the server, can't change access")
    if flags.has("a") and flags.has("d"):
        raise Refused("-a and -d cannot be used together")
    if flags.has("r") and flags.has("w"):
        raise Refused("-r and -w cannot be used together")
    if not any(flags.has(letter) for letter in "adrw"):
        return Decision()
    raise Refused(f"access of other users is not supported: {name} cannot use this server")


COMMAND: Final = Command(
    name="server-access",
    alias="",
    flags="adlrw",
    usage="[-adlrw] [-t target-pane] [user]",
    arguments=(0, 1),
    decide=decide,
    help="Show who may use the server: its own user.",
)
