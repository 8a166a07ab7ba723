"""list-buffers: list all paste buffers, the newest first."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.listing import listed
from fuguemux.formats.buffers import variables_of
from fuguemux.formats.formats import FormatContext
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

_LINE: Final = '#{buffer_name}: #{buffer_size} bytes: "#{buffer_sample}"'


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    contexts = (FormatContext(state, live, extra=variables_of(buffer)) for buffer in state.buffers)
    return listed(invocation, _LINE, contexts)


COMMAND: Final = Command(
    name="list-buffers",
    alias="lsb",
    flags="F:f:",
    usage="[-F format] [-f filter]",
    arguments=(0, 0),
    decide=decide,
    help="List the paste buffers.",
    read_only=True,
)
