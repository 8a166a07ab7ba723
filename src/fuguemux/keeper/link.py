"""A connection that keeper and server have from birth: whoever starts the other leaves it one end of a socket pair.

No path leads to it, so nothing that happens to files parts the two. The number of the descriptor is in the environment,
where a program of an earlier version does not see it: that one closes the end, or ends with it, and goes by the path.
Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import MutableMapping

VARIABLE = "FUGUE_KEEPER_LINK"


def named(end: socket.socket, starter: int) -> str:
    """Return what VARIABLE says of the end that is left to a program that the process `starter` starts."""
    return f"{end.fileno()}:{starter}"


def taken(environment: MutableMapping[str, str]) -> socket.socket | None:
    """Return the end that was left to this process, once: it is close-on-exec then, and programs are told of none."""
    descriptor, _, starter = environment.pop(VARIABLE, "").partition(":")
    if not (descriptor.isdecimal() and starter == str(os.getppid())):
        return None  # inherited from some other program
    with contextlib.suppress(OSError, OverflowError):
        end = socket.socket(fileno=int(descriptor))
        if end.family == socket.AF_UNIX and end.type == socket.SOCK_STREAM:
            end.set_inheritable(False)
            return end
        end.detach()
    return None
