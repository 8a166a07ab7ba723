"""save-buffer: write the contents of a paste buffer to a file; `-` writes to stdout."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.file_paths import file_path
from fuguemux.commands.parts.paste_buffers import buffer_named_or_newest
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Reply
from fuguemux.model.effects import SaveBuffer
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import CURRENT


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    data = buffer_named_or_newest(state, invocation).data
    path = file_path(state, live, invocation)
    # Nobody reads the stdout of an attached client, nor that of a control client: the effect says so, as in tmux.
    request = invocation.request
    if path == b"-" and request.session is None and not request.control:
        return Decision(reply=Reply(raw=data))
    return Decision(effects=(SaveBuffer(path, data, invocation.flags.has("a")),))


COMMAND: Final = Command(
    name="save-buffer",
    alias="saveb",
    flags="ab:",
    usage="[-a] [-b buffer-name] path",
    arguments=(1, 1),
    target=CURRENT,
    decide=decide,
    help="Write a paste buffer to a file.",
)
