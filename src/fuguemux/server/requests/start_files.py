"""Runs the files of commands of the start (`-f`, or the usual ones) when the server serves, so that their commands may
connect to it. The client that started the server is served after them, or after WAIT_SECONDS_MAX."""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from typing import Final

from fuguemux.commands import source_file
from fuguemux.commands.table import TABLE
from fuguemux.engine.engine import Engine
from fuguemux.formats.formats import FormatContext
from fuguemux.model.decision import Refused
from fuguemux.protocol import messages
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.requesters import InternalRequester
from fuguemux.server.requests.command_files import FILE_BYTES_MAX
from fuguemux.server.requests.executor import Executor
from fuguemux.server.work.plain_files import read_plain
from fuguemux.server.work.waits import ServerEnds

CLIENT_SECONDS: Final = 1.0
"""How long the files wait for the client that started the server. There may be no such client."""
HOLD_SECONDS: Final = 5.0
"""After the files, how long the server waits for that client although there is no session."""
WAIT_SECONDS_MAX: Final = 10.0
"""How long that client waits for the files. A command in them may never end; the rest of them goes on."""
PROGRESS_SECONDS: Final = 0.25


class StartFiles:
    """Belongs to the loop's thread. Done when the client that started the server has been served after the files."""

    def __init__(self, paths: Sequence[str], wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        self._paths = tuple(paths)
        self._wait_seconds_max = wait_seconds_max
        self._tell: Callable[[list[str]], None] = lambda _errors: None
        self._done = asyncio.Event()
        self._done.set()
        self._asked = asyncio.Event()
        self._emptied: Callable[[], None] | None = None
        self._holding = False
        self.cut_off = False
        """Whether the server ended before the files did."""

    def expect(self, *, sessions: bool) -> None:
        """Make the client that started the server wait from now on. If sessions came back, the files are not run."""
        if self._paths and not sessions:
            self._holding = True
            self._done.clear()

    async def run(
        self, engine: Engine, executor: Executor, tell: Callable[[list[str]], None]
    ) -> None:
        """Run the files, if they are expected. `tell` is called with the errors."""
        if self._done.is_set():
            return
        self._tell = tell
        with suppress(
            TimeoutError
        ):  # if a file ends the server, that client must be connected to be told
            async with asyncio.timeout(CLIENT_SECONDS):
                await self._asked.wait()
        requester = InternalRequester(dict(os.environb), os.getcwdb())
        try:
            for path in self._paths:
                await self._run_one(path, engine, executor, requester)
        except ServerEnds:
            self.cut_off = True
            raise
        finally:
            if report := _report(self._paths, requester):
                tell(report)
            self._done.set()
            asyncio.get_running_loop().call_later(HOLD_SECONDS, self._let_go)

    @staticmethod
    async def _run_one(
        path: str, engine: Engine, executor: Executor, requester: InternalRequester
    ) -> None:
        try:
            data = await asyncio.to_thread(read_plain, path, FILE_BYTES_MAX)
            text = data.decode("utf-8", "surrogateescape")
            context = FormatContext(engine.state, engine.live)
            commands = source_file.parsed_file(engine.state, TABLE, context, path, text)
        except OSError as problem:
            requester.errors.append(f"{path}: {problem.strerror}")
        except Refused as problem:
            requester.errors.append(problem.told())
        else:
            with executor.gate.closed():
                for line, of_line in groupby(commands, key=attrgetter("line")):
                    said, told = len(requester.output), len(requester.errors)
                    failed = await executor.run_parsed(list(of_line), requester)
                    if failed and len(requester.errors) == told:
                        # A shell command that failed is no error in tmux, but its last output line explains the
                        # failure.
                        lines = (
                            requester.output[said:].decode("utf-8", "replace").strip().splitlines()
                        )
                        what = lines[-1] if lines else "a command failed"
                        requester.errors.append(f"{path}:{line}: {what}")

    async def wait(self, connection: Connection) -> bool:
        """Make the client that started the server wait until the files are done. Returns whether it had to wait.

        Other clients are served at once, because commands in the files may have started them and wait for them.
        """
        if self._done.is_set() or not _started(connection):
            return False
        self._asked.set()
        deadline = asyncio.get_running_loop().time() + self._wait_seconds_max
        while not self._done.is_set() and asyncio.get_running_loop().time() < deadline:
            with suppress(TimeoutError):
                async with asyncio.timeout(PROGRESS_SECONDS):
                    await self._done.wait()
            if connection.is_open and not self._done.is_set():
                names = ", ".join(map(os.path.basename, self._paths))
                connection.progress(f"fugue: running {names}…")
        if not self._done.is_set():
            self._late()
        return True

    def _late(self) -> None:
        """The client waits no longer."""
        names = ", ".join(self._paths)
        self._tell([f"{names}: still running after {self._wait_seconds_max:g} s"])

    # The session that the files created may end before the client that started the server has been served.

    def keeps(self, emptied: Callable[[], None]) -> bool:
        """Whether the server must continue without a session. `emptied` is then called later."""
        if self._holding:
            self._emptied = emptied
        return self._holding

    def served(self, connection: Connection) -> None:
        """A command was answered."""
        if _started(connection):
            self._let_go()

    def _let_go(self) -> None:
        if self._holding:
            self._holding = False
            if self._emptied is not None:
                self._emptied()


def _report(paths: Sequence[str], requester: InternalRequester) -> list[str]:
    """The errors of the files, and one line if they set options without effect. Each option has its line in show-messages."""
    if not requester.notes:
        return requester.errors
    names = ", ".join(map(os.path.basename, paths))
    what = "1 line has" if requester.notes == 1 else f"{requester.notes} lines have"
    return [*requester.errors, f"{names}: {what} no effect in fugue: see show-messages"]


def _started(connection: Connection) -> bool:
    """Whether the server was started for a client's command."""
    command = connection.command
    return command is not None and bool(command.flags & messages.STARTED)
