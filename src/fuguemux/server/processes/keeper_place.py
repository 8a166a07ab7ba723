"""Where the server's keeper listens, and the command line that starts another keeper."""

import os
from typing import NamedTuple

from fuguemux.config import paths
from fuguemux.keeper.lock_file import KEEPER_LOCK, holder_of
from fuguemux.keeper.protocol import keeper_argv, module_argv


class KeeperPlace(NamedTuple):
    """What a server needs to find its keeper, or to start another one."""

    places: paths.Places
    config: str | None
    """The configuration file that the command line names."""
    home: str
    """The state directory with the lock."""
    is_locked: bool
    """Whether the state directory is locked. Without a lock nothing is stored."""
    log_path: str
    """The file of the keeper's diagnostics. Empty if there is none."""

    def path(self) -> str:
        """The path on which the keeper listens now, according to its lock. Without a keeper, the path where one is to
        listen. Reads a file.
        """
        holder = holder_of(self._lock, self.home) if self.is_locked else None
        return (holder.path if holder is not None else "") or self.places.keeper_socket

    def argv(self, store: str) -> tuple[str, ...]:
        """The command line that starts a keeper, which waits for this server and restarts it when it dies."""
        places = self.places
        server = module_argv("fuguemux.server.main")
        server += ("-L", places.name) if places.private else ("-S", places.socket)
        if self.config:
            server += ("--config", self.config)
        fallbacks = paths.fallback_sockets(places, os.getuid(), self.home)
        return keeper_argv(
            places.keeper_socket,
            server_argv=server,
            log_path=self.log_path,
            store=store,
            lock_path=self._lock if self.is_locked else "",
            fallbacks=tuple(path + paths.KEEPER_SUFFIX for path in fallbacks),
            private=places.private,
            adopt=True,
        )

    @property
    def _lock(self) -> str:
        return f"{self.home}/{KEEPER_LOCK}"
