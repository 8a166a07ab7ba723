"""The program of a popup: a process with a PTY of its own. It belongs to the server, not to the keeper, and ends with it: the
kernel hangs it up when the server's end of the PTY is closed, also after a crash. Nothing of it is logged.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from signal import SIGTERM
from typing import Final

from fuguemux.server.panes.pane_terminal import InputRefused, PtyMaster
from fuguemux.server.work.jobs import Jobs, ShellJob

READ_BYTES: Final = 64 << 10
LAST_READS_MAX: Final = 16
"""After the program has ended: what it left in its PTY is less, and a child of its own may go on writing for ever."""
_WITH_TERMINAL: Final = 'exec 0<>"$0" 1>&0 2>&0; exec "$@"'
"""A session without a terminal gets the first one that it opens."""


class PopupProgram:
    """Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        columns: int,
        rows: int,
        printed: Callable[[bytes], None],
    ) -> None:
        """`printed` gets what the program writes. Raises OSError if there is no PTY left."""
        master, self._slave = os.openpty()
        self._loop = loop
        self._printed = printed
        self._job: ShellJob | None = None
        self._master = PtyMaster(loop, master)
        self._master.resize(columns, rows)
        loop.add_reader(master, self._readable)

    async def run(
        self, jobs: Jobs, argv: Sequence[str], cwd: bytes, environment: dict[bytes, bytes]
    ) -> int:
        """Run the program until it ends. Returns its exit code, or the number of the signal, as tmux does. Raises JobRefused."""
        path = os.ttyname(self._slave)
        words = ("/bin/sh", "-c", _WITH_TERMINAL, path, *argv)
        self._job = jobs.start(words, cwd, environment, read=False)
        _, code = await self._job.ended()
        for _ in range(LAST_READS_MAX):
            if not self._readable():
                break
        return abs(code)

    def write(self, data: bytes) -> None:
        """Write for the program. What is too much for a program that does not read is lost."""
        with suppress(InputRefused):
            self._master.write(data)

    def resize(self, columns: int, rows: int) -> None:
        """Give its terminal another size."""
        self._master.resize(columns, rows)

    def close(self) -> None:
        """End the program, if it still runs."""
        if self._job is not None:
            self._job.end(SIGTERM)
        if self._master.fd >= 0:
            self._loop.remove_reader(self._master.fd)
            self._master.close()
            os.close(self._slave)

    def _readable(self) -> bool:
        """Take what the program wrote. Returns whether there was something."""
        if self._master.fd < 0:
            return False
        data = b""
        with suppress(OSError):
            data = os.read(self._master.fd, READ_BYTES)
        if data:
            self._printed(data)
        return bool(data)
