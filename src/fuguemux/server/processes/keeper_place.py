"""Where the server's keeper is, and the command line that starts another one."""

import os

from fuguemux.config import paths
from fuguemux.keeper.lock_file import KEEPER_LOCK, holder_of
from fuguemux.keeper.protocol import keeper_argv, module_argv
from fuguemux.server.recovery.boot import Booted


def path(booted: Booted) -> str:
    """The path on which the keeper listens now, by its lock; without a keeper the one where it is to listen."""
    lock = _lock(booted)
    holder = holder_of(lock, booted.home) if lock else None
    return (holder.path if holder is not None else "") or booted.places.keeper_socket


def argv(booted: Booted, store: str) -> tuple[str, ...]:
    """The command line that starts a keeper, which waits for this server and restarts it when it dies."""
    options, places = booted.options, booted.places
    server = module_argv("fuguemux.server.main")
    server += ("-L", places.name) if places.private else ("-S", places.socket)
    if options.config:
        server += ("--config", options.config)
    fallbacks = paths.fallback_sockets(places, os.getuid(), booted.home)
    return keeper_argv(
        places.keeper_socket,
        server_argv=server,
        log_path=f"{booted.state_directory}/keeper.log" if booted.log_path is not None else "",
        store=store,
        lock_path=_lock(booted),
        fallbacks=tuple(path + paths.KEEPER_SUFFIX for path in fallbacks),
        private=places.private,
        adopt=True,
    )


def _lock(booted: Booted) -> str:
    """The lock in the state directory; empty: nothing is kept."""
    return f"{booted.home}/{KEEPER_LOCK}" if booted.lock is not None else ""
