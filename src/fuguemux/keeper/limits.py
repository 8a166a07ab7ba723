"""Limits of the machine. That of open files is as wide as it goes for keeper and server; programs get the caller's own.

The keeper holds a descriptor per pane and the server holds another, so that the soft limit of a login (256 on macOS, 1024
on Linux) is soon too small. Programs must not see the wider one: some loop over all descriptors that they might have,
and those that use select(2) break beyond 1024. Whoever widens the limit therefore notes what it was in the environment:
a later server or keeper, which inherits the wide limit, knows from there what to give back.

At a limit one pane more is refused, in words that name the limit, while there is still room for what must go on: saving,
a server or keeper that follows, a client that closes something. Standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import sys
from collections.abc import Iterator, Mapping, MutableMapping

DESCRIPTORS_WANTED = 65536
DESCRIPTORS_OF_MACOS = 10240  # OPEN_MAX: a higher soft limit is refused there

LIMITS = frozenset((errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM, errno.ENOSPC))
"""What the start of a process fails with at a limit: it is no fault of the program, and may succeed at another time."""

_LINUX = sys.platform == "linux"
_OWN_DESCRIPTORS = "/proc/self/fd" if _LINUX else "/dev/fd"
_NO_TERMINAL = (errno.ENOSPC, errno.EAGAIN, errno.ENXIO, errno.ENOENT)

VARIABLE = "FUGUE_CALLERS_DESCRIPTORS"
"""The soft limit of whoever started the first of us, for those that follow."""


def widen(environment: MutableMapping[str, str]) -> int | None:
    """Raise our soft limit of open files as far as it goes.

    Returns the soft limit that programs are to be given back, and notes it in `environment`, which children inherit;
    None if they can keep ours.
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
    """Return what `widen` noted; None if the limit was never raised."""
    noted = environment.get(VARIABLE, "")
    return int(noted) if noted.isdecimal() and noted.isascii() else None


def give_back(soft: int | None) -> None:
    """In a process that is about to become another program: take the soft limit `soft`, if there is one to give back."""
    if soft is None:
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(OSError, ValueError):
        lower = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lower, hard))


def free_descriptors() -> int:
    """Return how many more files this process may open: 0 also when it cannot even be asked."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return DESCRIPTORS_WANTED
    try:
        used = os.stat(_OWN_DESCRIPTORS).st_size if _LINUX else 0  # their number, since Linux 6.2
        return max(0, soft - (used or len(os.listdir(_OWN_DESCRIPTORS)) - 1))
    except OSError:
        return 0


def plenty_of_descriptors() -> bool:
    """Whether one may be used for something that can be had without, if less well."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return soft == resource.RLIM_INFINITY or free_descriptors() > soft // 2


class Spare:
    """A descriptor that is held open only to be closed when one is needed and there is none."""

    def __init__(self) -> None:
        self._descriptor = -1
        self._take()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            self._descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Inside there is room for one descriptor, which is closed again before the end."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        try:
            yield
        finally:
            self._take()


def explained(number: int, *, terminal: bool = False) -> str:
    """Return what an errno means for a person who wants one more pane or program; which limit, and what to do.

    `terminal`: it came from opening a terminal.
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
