"""paste-buffer: send the contents of a paste buffer to a pane, as if they were typed there."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.paste_buffers import buffer_called, newest
from fuguemux.commands.parts.spawning import encoded
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import SendBytes
from fuguemux.model.events import BufferDeleted
from fuguemux.model.limits import BUFFER_BYTES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    name = flags.value("b")
    buffer = newest(state) if name is None else buffer_called(state, name)
    if buffer is None:
        if name is not None:
            raise Refused(f"no buffer {name}")
        return Decision()
    separator = flags.value("s")
    if separator is None:
        separator = "\n" if flags.has("r") else "\r"
    line_end = encoded(separator)
    size = len(buffer.data) + (len(line_end) - 1) * buffer.data.count(b"\n")
    if size > max(BUFFER_BYTES_MAX, len(buffer.data)):
        raise Refused(f"{size} bytes are too many to be pasted, use a shorter separator")
    data = buffer.data.replace(b"\n", line_end)
    events = (BufferDeleted(buffer.name),) if flags.has("d") else ()
    return Decision(events, (SendBytes(target.pane.id, data, paste=flags.has("p")),))


COMMAND: Final = Command(
    name="paste-buffer",
    alias="pasteb",
    flags="db:prs:t:",
    usage="[-dpr] [-s separator] [-b buffer-name] [-t target-pane]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Insert a paste buffer into a pane, as if it were typed.",
)
