"""The words that run a shell command outside of panes, with the limit of open files that the person's shell had."""

from typing import Final

SHELL: Final = "/bin/sh"


def shell_argv(command: str, descriptors: int | None) -> tuple[str, ...]:
    """Return what to execute for `command`. `descriptors`: the soft limit to give back; None: none.

    A shell in between lowers the limit. The server cannot: it may have more open files already, and code between fork
    and exec would need the slow and unsafe way of starting a process.
    """
    if descriptors is None:
        return (SHELL, "-c", command)
    lowered = f'ulimit -S -n {descriptors} 2>/dev/null; exec {SHELL} -c "$1"'
    return (SHELL, "-c", lowered, SHELL, command)
