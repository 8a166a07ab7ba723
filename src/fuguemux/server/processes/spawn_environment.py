"""What a server knows of itself and the machine, for the programs that it starts."""

import os

from fuguemux import __version__
from fuguemux.config import paths
from fuguemux.keeper.protocol import callers_limit
from fuguemux.options.environment import SpawnEnvironment
from fuguemux.server.recovery.boot import Booted


def surroundings_of(booted: Booted) -> SpawnEnvironment:
    """Of this process."""
    return SpawnEnvironment(
        booted.places.socket.encode("utf-8", "surrogateescape"),
        os.getpid(),
        __version__,
        paths.home(booted.environment, os.getuid()).encode("utf-8", "surrogateescape"),
        lambda path: os.access(path, os.X_OK) and os.path.isfile(path),
        callers_limit(booted.environment),
    )


def usable_directory(wanted: bytes, surroundings: SpawnEnvironment) -> bytes:
    """`wanted`, or its nearest parent in which a process can start, or the home directory."""
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
