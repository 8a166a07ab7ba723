"""A small process that restores the terminal if the client dies without doing so itself (SIGKILL, a crash).

It holds the terminal and the read end of a pipe. On the pipe it hears whether the client is using the terminal; the end
of the pipe tells that the client is gone.
"""

import os
import signal
import termios

ENTERED = b"e"
LEFT = b"l"
DESCRIPTORS_MAX = 65_536
_IGNORED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGTSTP,
    signal.SIGTTOU,
    signal.SIGTTIN,
)


class Guard:
    """The client's side of the guard. Costs one fork at the first attach; `entered` and `left` are one write each."""

    def __init__(
        self, terminal: int, before: "list[int | list[bytes | int]]", leave: bytes
    ) -> None:
        """Start guarding: after the client's death `leave` is written and the line settings `before` are restored."""
        reading, self._writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                _watch(reading, terminal, before, leave)
            finally:
                os._exit(0)
        os.close(reading)

    def entered(self) -> None:
        """The client uses the terminal from now on."""
        self._say(ENTERED)

    def left(self) -> None:
        """The client has restored the terminal."""
        self._say(LEFT)

    def close(self) -> None:
        """End the guard. Returns when its process has exited."""
        if self._writing < 0:
            return
        self._say(LEFT)
        os.close(self._writing)
        self._writing = -1
        try:
            os.waitpid(self._pid, 0)
        except ChildProcessError:
            return

    def _say(self, word: bytes) -> None:
        try:
            os.write(self._writing, word)
        except OSError:
            # The guard was killed; the client itself still restores the terminal in every other case.
            return


def _watch(
    reading: int, terminal: int, before: "list[int | list[bytes | int]]", leave: bytes
) -> None:
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    low, high = sorted((reading, terminal))
    os.closerange(0, low)
    os.closerange(low + 1, high)
    os.closerange(high + 1, DESCRIPTORS_MAX)
    last = LEFT
    while word := os.read(reading, 1):
        last = word
    if last != ENTERED:
        return
    try:
        termios.tcflow(terminal, termios.TCOON)
        os.set_blocking(terminal, True)
        os.write(terminal, leave)
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
