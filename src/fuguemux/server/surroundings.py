"""What a server knows of itself and the machine, for the programs that it starts."""

import os

from fuguemux import __version__
from fuguemux.commands.environment import Surroundings
from fuguemux.config import paths
from fuguemux.keeper.protocol import callers_limit
from fuguemux.server.boot import Booted


def surroundings_of(booted: Booted) -> Surroundings:
    """Of this process."""
    return Surroundings(
        booted.places.socket.encode("utf-8", "surrogateescape"),
        os.getpid(),
        __version__,
        paths.home(booted.environment, os.getuid()).encode("utf-8", "surrogateescape"),
        lambda path: os.access(path, os.X_OK) and os.path.isfile(path),
        callers_limit(booted.environment),
    )
