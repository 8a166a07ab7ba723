"""delete-buffer: delete a paste buffer, by default the newest one."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.paste_buffers import buffer_called, newest
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import BufferDeleted
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    name = invocation.flags.value("b")
    buffer = newest(state) if name is None else buffer_called(state, name)
    if buffer is None:
        raise Refused("no buffer" if name is None else f"unknown buffer: {name}")
    return Decision((BufferDeleted(buffer.name),))


COMMAND: Final = Command(
    name="delete-buffer",
    alias="deleteb",
    flags="b:",
    usage="[-b buffer-name]",
    arguments=(0, 0),
    decide=decide,
    help="Delete a paste buffer.",
)
