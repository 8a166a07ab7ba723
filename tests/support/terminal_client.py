"""A client process on a pseudo-terminal, controlled from the other end."""

import contextlib
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from fcntl import ioctl

DEADLINE_SECONDS = 30
CLIENT = (sys.executable, "-m", "fuguemux")


def client_environment(**more: str) -> dict[str, str]:
    """The environment of the tests without the variables that name the user's own server.

    A client that loses its server would try to start one. With this environment it cannot, unless the caller says
    where.
    """
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("FUGUE", "TMUX"))
    }
    nowhere = {f"XDG_{what}": "/dev/null" for what in ("STATE_HOME", "RUNTIME_DIR", "CONFIG_HOME")}
    return {**kept, **nowhere, "TERM": "xterm-256color", **more}


class TerminalClient:
    """`words` run on a terminal of their own. `screen` is everything that the client has written so far."""

    def __init__(
        self,
        *words: str,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
        wrapper: tuple[str, ...] = (),
    ) -> None:
        self.master, slave = pty.openpty()
        self.slave = slave
        self.resize(columns, rows)
        self.settings = termios.tcgetattr(slave)
        self.screen = b""
        self.process = subprocess.Popen(
            [*wrapper, *CLIENT, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(environment) if environment is not None else client_environment(),
            start_new_session=True,
            preexec_fn=_take_terminal,
        )

    def resize(self, columns: int, rows: int) -> None:
        ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, data: bytes) -> None:
        os.write(self.master, data)

    def read(self, seconds: float) -> bool:
        """Read what the client writes within `seconds`. Returns False if nothing came."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            self.screen += os.read(self.master, 1 << 16)
        except OSError:
            return False
        return True

    def until(self, what: bytes | Callable[[], bool]) -> None:
        """Read until `what` is on the screen, or, if it is a function, until it returns True."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (what in self.screen if isinstance(what, bytes) else what()):
            self.read(0.02)
            assert time.monotonic() < deadline, (
                f"{what!r} did not come; there is {self.screen[-2000:]!r}"
            )

    def wait(self) -> int:
        """Read until the client has ended. Returns its exit code."""
        self.until(lambda: self.process.poll() is not None)
        while self.read(0):
            pass
        return int(self.process.returncode)

    def raw(self) -> bool:
        """Whether the terminal is in raw mode now."""
        return not int(termios.tcgetattr(self.slave)[3]) & termios.ICANON

    def restored(self) -> bool:
        """Whether the line settings are the same as before the client."""
        return bool(termios.tcgetattr(self.slave) == self.settings)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _take_terminal() -> None:
    ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGINT, signal.SIGTSTP, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def terminal_client(
    *words: str,
    columns: int = 80,
    rows: int = 24,
    environment: Mapping[str, str] | None = None,
    wrapper: tuple[str, ...] = (),
) -> Iterator[TerminalClient]:
    """A context with a client on a terminal."""
    client = TerminalClient(
        *words, columns=columns, rows=rows, environment=environment, wrapper=wrapper
    )
    try:
        yield client
    finally:
        client.close()
