"""Shell commands outside of panes: started, read and waited for. They outlive the server, as tmux's do."""

import asyncio
import os
import re
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from fuguemux.keeper.protocol import LIMITS, explained
from fuguemux.model.limits import JOBS_MAX
from fuguemux.server.work import reserve
from fuguemux.server.work.threads import started

OUTPUT_BYTES_MAX: Final = 4 << 20
"""A command that prints more than this is killed."""
CHUNK_BYTES: Final = 64 << 10
LINE_BYTES_MAX: Final = 8 << 10
PAUSE_SECONDS: Final = 0.05
"""How long a command waits after a whole chunk, if its output is followed."""
LOOK_SECONDS: Final = 0.05
"""The time between two looks at a command whose exit the system does not report."""


_LINE_ENDS: Final = re.compile(rb"[\r\n]+")


class JobRefused(Exception):
    """The command was not started; the message says why."""


class Jobs:
    """All running commands. Belongs to the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int = JOBS_MAX) -> None:
        """`most`: how many commands may run at the same time."""
        self._loop = loop
        self._most = most
        self._running: set[ShellJob] = set()

    def start(
        self,
        argv: Sequence[str],
        cwd: bytes,
        environment: dict[bytes, bytes],
        *,
        read: bool,
        errors: bool = True,
        stdin: int = subprocess.DEVNULL,
    ) -> "ShellJob":
        """Start a command; without `read` its output is discarded, and without `errors` its standard error. The caller
        awaits `ended` or `followed`. Raises JobRefused."""
        if len(self._running) >= self._most:
            raise JobRefused(f"{self._most} shell commands run already")
        at_limit = reserve.refusal(reserve.FOR_COMMANDS)
        if at_limit:
            raise JobRefused(at_limit)
        try:
            process = subprocess.Popen(
                argv,
                bufsize=0,
                stdin=stdin,
                stdout=subprocess.PIPE if read else subprocess.DEVNULL,
                stderr=subprocess.STDOUT if errors else subprocess.DEVNULL,
                cwd=cwd,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            reason = explained(error.errno) if error.errno in LIMITS else str(error)
            raise JobRefused(reason) from error
        except ValueError as error:
            raise JobRefused(str(error)) from error
        job = ShellJob(self._loop, process, self._running)
        self._running.add(job)
        return job


class ShellJob:
    """One command. It goes on if the caller stops waiting for it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        process: subprocess.Popen[bytes],
        running: set["ShellJob"],
    ) -> None:
        self._loop = loop
        self.process = process
        self._running = running

    async def ended(self) -> tuple[bytes, int]:
        """Wait for the exit. Returns the output, and the exit code, with a signal as a negative number."""
        try:
            data = await self._printed()
            if len(data) >= OUTPUT_BYTES_MAX:
                self.process.kill()
            return data, await self._exit_code()
        finally:
            self._running.discard(self)
            if self.process.stdout is not None:
                self.process.stdout.close()

    async def followed(self, printed: Callable[[bytes], None]) -> None:
        """Call `printed` with each last line, while the command prints, until it ends or has closed its output.

        Of lines that arrive together only the last one counts. A longer line than LINE_BYTES_MAX is cut. A command that
        prints without end is read slowly, so that it waits and not the loop.
        """
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        os.set_blocking(descriptor, False)
        rest = b""
        try:
            while True:
                try:
                    part = os.read(descriptor, CHUNK_BYTES)
                except BlockingIOError:
                    await self._readable(descriptor)
                    continue
                if not part:
                    break
                lines = _LINE_ENDS.split(rest + part)
                rest = lines.pop()[:LINE_BYTES_MAX]
                if lines:
                    printed(lines[-1][:LINE_BYTES_MAX])
                await asyncio.sleep(PAUSE_SECONDS if len(part) == CHUNK_BYTES else 0)
            if rest:
                printed(rest)
            await self._exit_code()
        finally:
            self._running.discard(self)
            self.process.stdout.close()

    def end(self, number: int) -> None:
        """Send a signal to the command and to what it has started. Does nothing if it has ended."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    async def _printed(self) -> bytes:
        data = bytearray()
        if self.process.stdout is None:
            return b""
        descriptor = self.process.stdout.fileno()
        os.set_blocking(descriptor, False)
        while len(data) < OUTPUT_BYTES_MAX:
            try:
                part = os.read(descriptor, min(CHUNK_BYTES, OUTPUT_BYTES_MAX - len(data)))
            except BlockingIOError:
                await self._readable(descriptor)
                continue
            if not part:
                break
            data += part
            await asyncio.sleep(0)  # a command that prints without end must not hold the loop
        return bytes(data)

    async def _exit_code(self) -> int:
        if self.process.poll() is None:
            try:
                descriptor = os.pidfd_open(self.process.pid)
            except (OSError, AttributeError):  # not Linux, or no file descriptor left
                await self._waited_by_thread()
            else:
                try:
                    await self._readable(descriptor)
                finally:
                    os.close(descriptor)
        return self.process.wait()

    async def _readable(self, descriptor: int) -> None:
        future: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(descriptor, _wake, future)
        try:
            await future
        finally:
            self._loop.remove_reader(descriptor)

    async def _waited_by_thread(self) -> None:
        """Wait on a thread of its own, which does not delay the end of the process."""
        future: asyncio.Future[None] = self._loop.create_future()

        def wait() -> None:
            self.process.wait()
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(_wake, future)

        if started(threading.Thread(target=wait, name="job", daemon=True)):
            await future
        else:
            while self.process.poll() is None:  # noqa: ASYNC110  # nothing tells of its end
                await asyncio.sleep(LOOK_SECONDS)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def write_all(loop: asyncio.AbstractEventLoop, descriptor: int, data: bytes) -> None:
    """Write to a pipe without holding the loop, until all is written or nobody reads any more."""
    os.set_blocking(descriptor, False)
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(descriptor, left[:CHUNK_BYTES]) :]
        except BlockingIOError:
            writable = asyncio.Event()
            loop.add_writer(descriptor, writable.set)
            try:
                await writable.wait()
            finally:
                loop.remove_writer(descriptor)
        except BrokenPipeError:
            return
