"""Finds a running server that is not at the usual path, by the lock in its state directory, which says where it listens.

At a logout the directory of its socket is removed, and not every shell, job and service has the same $XDG_RUNTIME_DIR.
Clients that find no server at all have to import this module, so modules that only a running server needs are imported
later.
"""

import _socket
import os
import stat
import sys
import time

from fuguemux.client.arguments import ClientOptions
from fuguemux.client.conversation import connect
from fuguemux.client.failure import Failure
from fuguemux.config import paths
from fuguemux.config.paths import PathRefused
from fuguemux.keeper.lock_file import (
    KEEPER_LOCK,
    LOG_DIRECTORY,
    SERVER_LOCK,
    LockHolder,
    ask_to_listen,
    holder_of,
)

STATE_DIRECTORY_VARIABLE = "FUGUE_PERSISTENCE_STATE_DIR"
ENABLED_VARIABLE = "FUGUE_PERSISTENCE_ENABLED"
SECONDS_MAX = 5.0
"""How long a server may take that was asked to listen again."""
TELL_SECONDS = 1.0
RETRY_SECONDS = 0.02
ASK_SECONDS = 0.25


def persistence(options: ClientOptions) -> tuple[str, bool]:
    """Return the state directory, and whether anything is stored there. Raises PathRefused.

    The configuration is read only if there is one, because reading it takes longer than the rest of a command.
    """
    environment = paths.decoded(options.environment)
    file, _ = paths.config_file(environment, os.getuid(), options.config or None)
    configured, enabled = environment.get(STATE_DIRECTORY_VARIABLE, ""), True
    if ENABLED_VARIABLE in environment or os.path.exists(file):
        import contextlib

        # Late: it imports msgspec and more, which takes longer than a command.
        from fuguemux.config.load import ConfigError, load

        with contextlib.suppress(ConfigError, OSError):  # the server then starts with the defaults
            kept = load(file, environment, required=False).configuration.persistence
            configured, enabled = configured or kept.state_dir, kept.enabled
    directory = paths.state_directory(environment, os.getuid(), options.places.name, configured)
    return directory, enabled


def kept_in(options: ClientOptions) -> str:
    """Return the state directory if it exists. Empty if nothing is stored."""
    try:
        directory, enabled = persistence(options)
        if not enabled:
            return ""
        paths.make_private_directory(directory, os.getuid())
    except PathRefused:
        return ""  # the server reports it itself
    return directory


def keeper_lives(options: ClientOptions) -> bool:
    """Whether a keeper has the state. The directory of a socket given by -S may have been removed meanwhile."""
    try:
        state, enabled = persistence(options)
    except PathRefused:
        return False
    return enabled and holder_of(f"{state}/{KEEPER_LOCK}", state) is not None


def is_no_socket(path: str) -> bool:
    """Whether there is something else in the place of a socket, for example a user's file, which must not be removed.

    A running server then uses another place. A server that is being started is refused, so that the user is told.
    """
    try:
        return not stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        return False


def rename(options: ClientOptions) -> None:
    """If the surrounding pane names its server by a path that is gone, use the server's name instead.

    The path is a usual one of a login session that has ended, and no server was ever started with that path.
    """
    places, environment = options.places, paths.decoded(options.environment)
    if places.private or environment.get("FUGUE", "").rsplit(",", 2)[0] != places.socket:
        return
    directory, _, name = places.socket.rpartition("/")
    if directory.rpartition("/")[2] not in ("fugue", f"fugue-{os.getuid()}"):
        return
    try:
        if not os.path.exists(persistence(options)[0]):
            options.places = paths.places(environment, os.getuid(), name=name)
    except PathRefused:
        return


class Seeker:
    """Looks for the server of a state directory. Reads no clock."""

    def __init__(self, options: ClientOptions) -> None:
        try:
            self.directory, enabled = persistence(options)
        except PathRefused:
            self.directory, enabled = "", False
        self._lock = f"{self.directory}/{SERVER_LOCK}" if enabled else ""
        self._asked_s = -1e9
        self.holder: LockHolder | None = None
        """The process that had the state at the last look, unless it is about to serve or to end. None if there is none."""

    def look(self, now_s: float) -> "_socket.socket | None":
        """Return a connection to the server wherever it listens. If it listens nowhere, ask it to listen again. Does not
        wait.
        """
        holder = holder_of(self._lock, f"{self.directory}/{LOG_DIRECTORY}") if self._lock else None
        if holder is not None and ((not holder.path and holder.pid) or _is_ending(holder)):
            holder = None
        self.holder = holder
        if holder is None or not holder.path:
            return None
        try:
            sock = connect(holder.path)
            ours = _is_ours(sock)
        except OSError:
            if now_s - self._asked_s >= ASK_SECONDS:
                self._asked_s = now_s
                ask_to_listen(holder, self._lock)
            return None
        if ours:
            return sock
        sock.close()
        return None


def _is_ending(holder: LockHolder) -> bool:
    from fuguemux.keeper.process import is_ending  # late: only needed if the state has a holder

    return is_ending(holder.pid)


def _is_ours(sock: "_socket.socket") -> bool:
    from fuguemux.keeper.listener import peer_of  # late: only needed if the state has a holder

    return peer_of(sock)[0] in (os.getuid(), 0)


def connected(options: ClientOptions) -> "_socket.socket | None":
    """Return a connection to the running server that has the state, or None. Waits for a server that listens nowhere.

    Raises Failure if it does not listen after SECONDS_MAX.
    """
    seeker = Seeker(options)
    began_s = time.monotonic()
    told = False
    while True:
        now_s = time.monotonic()
        sock = seeker.look(now_s)
        if sock is not None or seeker.holder is None:
            return sock
        who = f"process {seeker.holder.pid}" if seeker.holder.pid else "a process"
        if now_s - began_s > SECONDS_MAX:
            raise Failure(
                f"{who} has the state directory {seeker.directory} and did not listen again within {SECONDS_MAX:.0f} s after "
                f"it was asked; its programs keep running ({seeker.directory}/server.log may say why)"
            )
        if now_s - began_s > TELL_SECONDS and not told:
            told = True
            sys.stderr.write(
                f"{options.program}: the socket of the server is gone; waiting for {who} to make another\n"
            )
            sys.stderr.flush()
        time.sleep(RETRY_SECONDS)
