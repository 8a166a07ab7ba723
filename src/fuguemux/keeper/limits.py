"""The limit of open files: as wide as it goes for keeper and server, and the caller's own for every program they start.

The keeper holds a descriptor per pane and the server holds another, so that the soft limit of a login (256 on macOS, 1024
on Linux) is soon too small. Programs must not see the wider one: some loop over all descriptors that they might have,
and those that use select(2) break beyond 1024. Whoever widens the limit therefore notes what it was in the environment:
a later server or keeper, which inherits the wide limit, knows from there what to give back. Standard library only.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Mapping, MutableMapping

DESCRIPTORS_WANTED = 65536
DESCRIPTORS_OF_MACOS = 10240  # OPEN_MAX: a higher soft limit is refused there

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
