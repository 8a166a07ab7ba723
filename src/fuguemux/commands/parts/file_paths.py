"""Paths of files in the arguments of load-buffer and save-buffer."""

import posixpath

from fuguemux.commands.parts import settings, spawning
from fuguemux.language.invocation import Invocation
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def file_path(state: ServerState, live: LiveView, invocation: Invocation) -> bytes:
    """The first argument, expanded as a format and joined to the directory of the requester. `-` stays as it is."""
    target = invocation.optional_target
    text = settings.expanded(state, live, invocation, invocation.arguments[0], target)
    path = spawning.encoded(text)
    if path == b"-":
        return path
    base = spawning.client_directory(invocation, target.session if target else None)
    return posixpath.join(base, path)
