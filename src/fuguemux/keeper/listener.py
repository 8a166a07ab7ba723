"""The keeper's socket: one keeper per path, and only its own user gets in."""

from __future__ import annotations

import contextlib
import fcntl
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


def lock(socket_path: str) -> int | None:
    """Take the lock beside `socket_path`; return its descriptor, or None if a living keeper has it. Raises OSError.

    The lock, not the socket file, says who is the keeper: the kernel gives it up when the keeper dies in any way.
    """
    descriptor = os.open(
        f"{socket_path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
    )
    os.fchmod(descriptor, 0o600)  # a umask may have taken even our own rights away
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def listen(socket_path: str) -> socket.socket:
    """Listen on `socket_path` in place of whoever left it behind. The caller has the lock. Raises OSError."""
    if len(os.fsencode(socket_path)) > SOCKET_PATH_BYTES_MAX:
        raise OSError(f"a socket's path may have {SOCKET_PATH_BYTES_MAX} bytes at most")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(socket_path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o177)  # 0600 from the first moment on
    try:
        listener.bind(socket_path)
    finally:
        os.umask(umask)
    listener.listen(CONNECTIONS_WAITING_MAX)
    listener.setblocking(False)
    return listener


def peer_of(connection: socket.socket) -> tuple[int, int]:
    """Return user id and process id of the other end (0 when the system does not tell). Raises OSError."""
    if _LINUX:
        credentials = connection.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII")
        )
        pid, user, _ = struct.unpack("iII", credentials)
        return user, pid
    credentials = connection.getsockopt(
        _SOL_LOCAL, _LOCAL_PEERCRED, 76
    )  # struct xucred: version, uid, groups
    _, user = struct.unpack_from("II", credentials)
    pid = 0
    with contextlib.suppress(OSError):
        pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
    return user, pid
