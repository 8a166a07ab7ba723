"""What a server knows of itself and the machine, for the programs that it starts."""

import os
from collections.abc import Mapping

from fuguemux import __version__
from fuguemux.config import paths
from fuguemux.keeper.protocol import callers_limit
from fuguemux.options.environment import SpawnEnvironment


def spawn_environment(
    socket_path: str, environment: Mapping[str, str], *, as_tmux: bool = False
) -> SpawnEnvironment:
    """Return the values for this process, which was started with `environment` and listens at `socket_path`.

    `as_tmux`: a client called tmux started the server.
    """
    return SpawnEnvironment(
        socket_path.encode("utf-8", "surrogateescape"),
        os.getpid(),
        __version__,
        paths.home(environment, os.getuid()).encode("utf-8", "surrogateescape"),
        lambda path: os.access(path, os.X_OK) and os.path.isfile(path),
        as_tmux,
        callers_limit(environment),
    )


def usable_directory(wanted: bytes, surroundings: SpawnEnvironment) -> bytes:
    """Return `wanted`, or its nearest parent in which a process can start, or the home directory."""
    path = wanted
    while path:
        if os.path.isdir(path) and os.access(path, os.X_OK):
            return path
        parent = os.path.dirname(path)
        if parent == path:
            break
        path = parent
    home = surroundings.home
    return home if os.path.isdir(home) else b"/"
