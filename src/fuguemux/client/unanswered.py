"""What a person is told of a server that takes the connection and then says nothing. Imported only then."""

import _socket
import struct
import sys

_LINUX = sys.platform == "linux"
_UCRED = struct.Struct("iII")  # Linux <sys/socket.h>: pid, uid, gid
_LOCAL_PEERPID = 2  # macOS <sys/un.h>, of level SOL_LOCAL, which is 0


def line(sock: "_socket.socket") -> bytes:
    """Return the line, without its end: which process it is, and whether it is stopped, as far as that can be told."""
    pid = _listener_of(sock)
    who = f"the server (process {pid})" if pid else "the server"
    if pid and _is_stopped(pid):
        return (
            f"fugue: {who} is stopped: kill -CONT {pid} lets it go on; waiting, C-c ends…".encode()
        )
    return f"fugue: {who} does not answer (stopped?); waiting, C-c ends…".encode()


def _listener_of(sock: "_socket.socket") -> int:
    """Return the process that listens at the other end; 0 if the system does not tell."""
    try:
        if _LINUX:
            credentials = sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, _UCRED.size)
            return int(_UCRED.unpack(credentials)[0])
        return sock.getsockopt(0, _LOCAL_PEERPID)
    except OSError:
        return 0


def _is_stopped(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in (b"T", b"t")
    except (OSError, IndexError):
        return False
