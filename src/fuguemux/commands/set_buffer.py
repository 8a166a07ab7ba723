"""set-buffer: set the contents or the name of a paste buffer."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.paste_buffers import buffer_called, buffer_stored, newest, too_large
from fuguemux.commands.parts.spawning import encoded
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import BufferDeleted, BufferSet
from fuguemux.model.limits import BUFFER_BYTES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import Buffer, ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    name = flags.value("b")
    new_name = flags.value("n")
    if new_name is not None:
        return _renamed(state, name, new_name)
    if not invocation.arguments:
        raise Refused("no data specified")
    data = encoded(invocation.arguments[0])
    if not data:
        return Decision()
    if flags.has("a") and name is not None:
        before = buffer_called(state, name)
        if before is not None:
            size = len(before.data) + len(data)
            if size > BUFFER_BYTES_MAX:  # before it is copied
                raise Refused(too_large(size))
            data = before.data + data
    return Decision(buffer_stored(state, live, data, name))


def _renamed(state: ServerState, name: str | None, new_name: str) -> Decision:
    buffer = newest(state) if name is None else buffer_called(state, name)
    if buffer is None:
        raise Refused("no buffer" if name is None else f"unknown buffer: {name}")
    if not new_name:
        raise Refused("new name is empty")
    if buffer_called(state, new_name) is not None:
        raise Refused(f"buffer {new_name} already exists")
    renamed = Buffer(new_name, buffer.data, buffer.created_ms, automatic=False)
    return Decision((BufferDeleted(buffer.name), BufferSet(renamed)))


COMMAND: Final = Command(
    name="set-buffer",
    alias="setb",
    flags="ab:t:n:w",
    usage="[-aw] [-b buffer-name] [-n new-buffer-name] [-t target-client] data",
    arguments=(0, 1),
    client=TargetFlag("t", TargetKind.NONE),
    decide=decide,
    help="Put text into a paste buffer.",
)
