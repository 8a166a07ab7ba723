"""Describes a server that accepts the connection and then does not answer. Imported only in this case."""

import _socket

from fuguemux.keeper.listener import peer_of
from fuguemux.keeper.process import is_stopped


def line(sock: "_socket.socket") -> bytes:
    """Return the line, without line end: which process it is, and whether it is stopped, as far as that is known."""
    pid = _listener_of(sock)
    who = f"the server (process {pid})" if pid else "the server"
    if pid and is_stopped(pid):
        return (
            f"fugue: {who} is stopped: kill -CONT {pid} continues it; waiting, C-c ends…".encode()
        )
    return f"fugue: {who} does not answer (stopped?); waiting, C-c ends…".encode()


def _listener_of(sock: "_socket.socket") -> int:
    """Return the pid of the process that listens at the other end. 0 if the system does not tell."""
    try:
        return peer_of(sock)[1]
    except OSError:
        return 0
