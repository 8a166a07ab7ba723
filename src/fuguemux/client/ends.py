"""How an attached client ends, and the commands that get its terminal: one that locks it, or one that takes its place."""

import contextlib
import os

from fuguemux.client.failure import Failure


class End(Exception):
    """The client ends: what it prints once the terminal is restored, and its exit code."""

    def __init__(
        self,
        text: str,
        exit_code: int = 0,
        *,
        hang_up_parent: bool = False,
        shell: str = "",
        command: str = "",
    ) -> None:
        super().__init__(text)
        self.shell, self.command = shell, command
        self.text = text
        self.exit_code = exit_code
        self.hang_up_parent = hang_up_parent


def become(shell: str, command: str) -> None:
    """Become `shell -c command`. Raises Failure."""
    try:
        os.execv(shell, [shell.rpartition("/")[2], "-c", command])
    except OSError as error:
        raise Failure(f"{shell}: {error.strerror}") from error


def run_here(command: bytes) -> None:
    """Run a command on the terminal of this process, and wait until it has ended."""
    standard = [(os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2)]
    with contextlib.suppress(OSError):
        argv = (b"sh", b"-c", command)
        os.waitpid(os.posix_spawn("/bin/sh", argv, os.environ, file_actions=standard), 0)
