"""The keeper's listening socket, which accepts only processes of its own user."""

from __future__ import annotations

import _socket
import contextlib
import os
import socket
import struct
import sys

CONNECTIONS_WAITING_MAX = 32
_LINUX = sys.platform == "linux"
SOCKET_PATH_BYTES_MAX = 107 if _LINUX else 103  # sun_path without its NUL: unix(7)

# LOCAL_PEERCRED and LOCAL_PEERPID, sys/un.h of macOS.
_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1
_LOCAL_PEERPID = 2


def listen(socket_path: str) -> socket.socket:
    """Listen on `socket_path`, replacing a socket that a dead process left. The caller has the lock. Raises OSError."""
    if len(os.fsencode(socket_path)) > SOCKET_PATH_BYTES_MAX:
        raise OSError(f"a socket's path may have {SOCKET_PATH_BYTES_MAX} bytes at most")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(socket_path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o177)  # mode 0600 from the first moment
    try:
        listener.bind(socket_path)
    finally:
        os.umask(umask)
    listener.listen(CONNECTIONS_WAITING_MAX)
    listener.setblocking(False)
    return listener


def peer_of(connection: _socket.socket) -> tuple[int, int]:
    """Return user id and process id of the peer (0 if the system does not tell). Raises OSError."""
    if _LINUX:
        credentials = connection.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII")
        )
        pid, user, _ = struct.unpack("iII", credentials)
        return user, pid
    # struct xucred of <sys/ucred.h>: version, uid, groups
    credentials = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)
    _, user = struct.unpack_from("II", credentials)
    pid = 0
    with contextlib.suppress(OSError):
        pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
    return user, pid
