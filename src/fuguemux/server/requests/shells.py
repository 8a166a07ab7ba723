"""Commands outside of panes (run-shell), and the channels through which commands wait for each other (wait-for)."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from subprocess import DEVNULL
from typing import Any

from fuguemux.model import effects as ef
from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.observe.diagnostics import channel
from fuguemux.options.environment import SpawnEnvironment, job_environment
from fuguemux.options.options import Defaults
from fuguemux.server.ports import EffectFailed, EffectResult, Requester
from fuguemux.server.processes.shell_argv import shell_argv
from fuguemux.server.processes.spawn_environment import usable_directory
from fuguemux.server.requests.channels import Channels
from fuguemux.server.work.file_threads import beside
from fuguemux.server.work.jobs import JobRefused, Jobs, ShellJob, write_all

SHOWN_CHARACTERS_MAX = 200
"""At most this many characters of a command appear in a message to the requester."""

diagnostics = channel("shell")


class Shells:
    """Belongs to the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        state: Callable[[], ServerState],
        surroundings: SpawnEnvironment,
        defaults: Callable[[], Defaults],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        channels: Channels,
    ) -> None:
        self._channels = channels
        self._loop = loop
        self._waits = channels.waits
        self._jobs = Jobs(loop)
        self._state = state
        self._surroundings = surroundings
        self._defaults = defaults
        self._spawn = spawn

    # wait-for

    def wait_for(self, effect: ef.WaitFor) -> Awaitable[EffectResult] | None:
        """Wait, signal, lock or unlock, as tmux(1) describes wait-for."""
        return self._channels.wait_for(effect)

    # run-shell

    def run_shell(
        self, effect: ef.RunShell, requester: Requester
    ) -> Awaitable[EffectResult] | None:
        """Run a command and return its output. With `background`, do not wait for it."""
        del requester
        shown = effect.command[:SHOWN_CHARACTERS_MAX]
        if effect.background:
            ends = f"run-shell: the server ended first: not run: {shown}"
            return self._waits.until_end(self._begun(effect), ends)
        ends = f"run-shell: the server ended first; this command keeps running without it: {shown}"
        return self._waits.until_end(self._ending_of(effect, None), ends)

    async def _begun(self, effect: ef.RunShell) -> EffectResult:
        """Start a command without waiting for it. Commands start in order, and a refusal is reported in any case."""
        job = None
        if effect.command and not effect.delay_ms:
            job = await self._start(effect.command, effect.cwd, read=False, pane=effect.pane)

        async def ignored() -> None:
            try:
                await self._waits.until_end(self._ending_of(effect, job), "")
            except EffectFailed:
                diagnostics.warning("run_shell.not_started")

        self._spawn(ignored())
        return EffectResult()

    async def _ending_of(self, effect: ef.RunShell, job: ShellJob | None) -> EffectResult:
        await asyncio.sleep(effect.delay_ms / 1000)
        if not effect.command:
            return EffectResult()
        if job is None:
            job = await self._start(
                effect.command, effect.cwd, read=not effect.background, pane=effect.pane
            )
        data, code = await job.ended()
        if data and not data.endswith(b"\n"):
            data += b"\n"
        if code != 0:
            words = f"terminated by signal {-code}" if code < 0 else f"returned {code}"
            data += f"'{effect.command}' {words}\n".encode("utf-8", "surrogateescape")
        return EffectResult(data, code if code >= 0 else 128 - code)

    async def feed(self, command: str, cwd: bytes, data: bytes) -> None:
        """Start a command that reads `data` from its standard input. Does not wait for its end. Raises EffectFailed."""
        reading, writing = os.pipe()
        try:
            job = await self._start(command, cwd, read=False, stdin=reading)
        except EffectFailed:
            os.close(writing)
            raise
        finally:
            os.close(reading)

        async def fed() -> None:
            try:
                await write_all(self._loop, writing, data)
            finally:
                os.close(writing)
            await job.ended()

        self._spawn(fed())

    async def exit_code(self, command: str, cwd: bytes) -> int:
        """Run a command and ignore its output; return its exit code, a signal as a negative number."""
        job = await self._start(command, cwd, read=False)
        return (await job.ended())[1]

    async def _start(
        self,
        command: str,
        cwd: bytes,
        *,
        read: bool,
        pane: PaneId | None = None,
        stdin: int = DEVNULL,
    ) -> ShellJob:
        shown = command[:SHOWN_CHARACTERS_MAX]
        try:
            directory = await beside("shell", usable_directory, cwd, self._surroundings)
        except OSError as error:
            raise EffectFailed(f"failed to run command: {shown}: {error.strerror}") from error
        try:
            argv = shell_argv(command, self._surroundings.descriptors)
            return self._jobs.start(argv, directory, self.environment(pane), read=read, stdin=stdin)
        except JobRefused as refused:
            raise EffectFailed(f"failed to run command: {shown}: {refused}") from refused

    def environment(self, pane: PaneId | None = None) -> dict[bytes, bytes]:
        """The environment of commands outside of panes. `pane`: what the command is about."""
        state = self._state()
        about = None if pane is None else state.panes.get(pane)
        return job_environment(state, self._defaults(), self._surroundings, about)
