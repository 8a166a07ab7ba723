"""show-buffer: print the contents of a paste buffer."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.paste_buffers import buffer_named_or_newest
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Reply
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return Decision(reply=Reply(raw=buffer_named_or_newest(state, invocation).data))


COMMAND: Final = Command(
    name="show-buffer",
    alias="showb",
    flags="b:",
    usage="[-b buffer-name]",
    arguments=(0, 0),
    decide=decide,
    help="Print a paste buffer.",
    read_only=True,
)
