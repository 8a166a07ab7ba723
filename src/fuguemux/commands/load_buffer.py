"""load-buffer: read a file into a paste buffer; `-` reads stdin."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.file_paths import file_path
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import LoadBuffer
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import CURRENT, TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    name = invocation.flags.value("b")
    if name == "":
        raise Refused("empty buffer name")
    return Decision(effects=(LoadBuffer(file_path(state, live, invocation), name),))


COMMAND: Final = Command(
    name="load-buffer",
    alias="loadb",
    flags="b:t:w",
    usage="[-b buffer-name] [-t target-client] path",
    arguments=(1, 1),
    client=TargetFlag("t", TargetKind.NONE),
    target=CURRENT,
    decide=decide,
    help="Read a file into a paste buffer.",
)
