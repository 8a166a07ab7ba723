"""A connection that keeper and server have from the start: the one that starts the other leaves it one end of a socket
pair.

It has no path, so changes of files cannot separate the two. The number of the file descriptor is in the environment. A
program of an earlier version ignores it: it closes the end, or exits with it, and connects by the path. Standard library
only.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import MutableMapping

VARIABLE = "FUGUE_KEEPER_LINK"


def named(end: socket.socket, starter: int) -> str:
    """Return the value of VARIABLE for the end that is left to a program that the process `starter` starts."""
    return f"{end.fileno()}:{starter}"


def taken(environment: MutableMapping[str, str]) -> socket.socket | None:
    """Return the end that was left to this process, once. It is then close-on-exec, and child programs are not told of
    one.
    """
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
