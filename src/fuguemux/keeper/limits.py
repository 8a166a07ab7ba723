"""Limits of the machine. Keeper and server raise the limit of open files as far as possible; programs get the caller's
limit.

The keeper holds a file descriptor per pane and the server holds another, so the soft limit of a login (256 on macOS, 1024
on Linux) is soon too small. Programs must not get the raised limit: some loop over all file descriptors that they might
have, and those that use select(2) break beyond 1024. So the process that raises the limit notes the original in the
environment, where a later server or keeper, which inherits the raised limit, finds what to give back.

At a limit one more pane is refused, with a message that names the limit, while there is still space for what must go on:
saving, the next server or keeper, a client that closes something. Standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import sys
from collections.abc import Iterator, Mapping, MutableMapping

DESCRIPTORS_WANTED = 65536
DESCRIPTORS_OF_MACOS = 10240  # OPEN_MAX: macOS refuses a higher soft limit

LIMITS = frozenset((errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM, errno.ENOSPC))
"""Errors of a process start at a limit: the program is not at fault, and a later start may succeed."""

_LINUX = sys.platform == "linux"
_OWN_DESCRIPTORS = "/proc/self/fd" if _LINUX else "/dev/fd"
_NO_TERMINAL = (errno.ENOSPC, errno.EAGAIN, errno.ENXIO, errno.ENOENT)

VARIABLE = "FUGUE_CALLERS_DESCRIPTORS"
"""The soft limit of the process that started the first keeper or server, for those that follow."""


def widen(environment: MutableMapping[str, str]) -> int | None:
    """Raise the soft limit of open files as far as possible.

    Returns the soft limit for programs, and notes it in `environment`, which children inherit. None if programs can keep
    the present limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    callers = callers_limit(environment)
    for wanted in (DESCRIPTORS_WANTED, DESCRIPTORS_OF_MACOS):
        wide = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft == resource.RLIM_INFINITY or soft >= wide:
            break
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wide, hard))
            callers = soft if callers is None else callers
            break
    if callers is not None:
        environment[VARIABLE] = str(callers)
    return callers


def callers_limit(environment: Mapping[str, str]) -> int | None:
    """Return what `widen` noted. None if the limit was never raised."""
    noted = environment.get(VARIABLE, "")
    return int(noted) if noted.isdecimal() and noted.isascii() else None


def give_back(soft: int | None) -> None:
    """In a process that is about to execute another program: set the soft limit `soft`, unless it is None."""
    if soft is None:
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(OSError, ValueError):
        lower = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lower, hard))


def free_descriptors() -> int:
    """Return how many more files this process may open. 0 if even that cannot be determined."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return DESCRIPTORS_WANTED
    try:
        # The number of open files, since Linux 6.2.
        used = os.stat(_OWN_DESCRIPTORS).st_size if _LINUX else 0
        return max(0, soft - (used or len(os.listdir(_OWN_DESCRIPTORS)) - 1))
    except OSError:
        return 0


def plenty_of_descriptors() -> bool:
    """Whether a file descriptor may be used for something that also works without one, if less well."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return soft == resource.RLIM_INFINITY or free_descriptors() > soft // 2


class Spare:
    """A file descriptor that is held open only to be closed when one is needed and none is left."""

    def __init__(self) -> None:
        self._descriptor = -1
        self._take()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            self._descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """A context in which one file descriptor is free. It must be closed again before the end."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        try:
            yield
        finally:
            self._take()


def explained(number: int, *, terminal: bool = False) -> str:
    """Explain an errno to a person who wants one more pane or program: which limit it is, and what to do.

    `terminal`: the error came from opening a terminal.
    """
    if number == errno.EMFILE:
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return (
            f"the limit of open files of one program is reached ({soft}, with a reserve kept for saving): close some panes, "
            "or raise the hard limit (ulimit -Hn; LimitNOFILE= of a service) and start fugue again"
        )
    if number == errno.ENFILE:
        return "the machine's limit of open files is reached (sysctl fs.file-max on Linux): end some programs"
    if terminal and number in _NO_TERMINAL:
        return "all terminals of this machine are in use (sysctl kernel.pty.max, on macOS kern.tty.ptmx_max): close some panes"
    if number == errno.EAGAIN:
        processes = resource.getrlimit(resource.RLIMIT_NPROC)[0]
        value = "none" if processes == resource.RLIM_INFINITY else str(processes)
        return f"the limit of processes is reached (ulimit -u: {value}; TasksMax= of a service): end some programs, or raise it"
    if number == errno.ENOMEM:
        return "there is no memory for another process: end some programs"
    return os.strerror(number)
