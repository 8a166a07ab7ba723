"""The argument list that runs a shell command outside of panes, with the limit of open files that the person's shell had."""

from typing import Final

SHELL: Final = "/bin/sh"


def shell_argv(command: str, descriptors: int | None) -> tuple[str, ...]:
    """Return the argument list for `command`. `descriptors` is the soft limit of open files to restore, or None.

    A shell in between lowers the limit. The server cannot do it: it may already have more open files than that, and code
    between fork and exec would need the slow and unsafe way of starting a process.
    """
    if descriptors is None:
        return (SHELL, "-c", command)
    lowered = f'ulimit -S -n {descriptors} 2>/dev/null; exec {SHELL} -c "$1"'
    return (SHELL, "-c", lowered, SHELL, command)
