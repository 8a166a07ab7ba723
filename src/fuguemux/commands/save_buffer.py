"""save-buffer: the contents of a paste buffer in a file, or with `-` on stdout."""

import posixpath
from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings, spawning
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
    if path == b"-":
        return Decision(reply=Reply(raw=data))
    return Decision(effects=(SaveBuffer(path, data, invocation.flags.has("a")),))


def file_path(state: ServerState, live: LiveView, invocation: Invocation) -> bytes:
    """The file that the first argument names, a format that may be relative to the requester's directory; `-` as it is."""
    target = invocation.optional_target
    text = settings.expanded(state, live, invocation, invocation.arguments[0], target)
    path = spawning.encoded(text)
    if path == b"-":
        return path
    base = spawning.client_directory(invocation, target.session if target else None)
    return posixpath.join(base, path)


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
