"""Effects that run commands (run-shell -C, if-shell, source-file), and effects that read buffers from files or write
them to files."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple, Protocol

from fuguemux.commands.parts import paste_buffers
from fuguemux.engine.engine import Engine
from fuguemux.language.language import Parsed
from fuguemux.model import effects as ef
from fuguemux.model.decision import Decision
from fuguemux.model.limits import BUFFER_BYTES_MAX, DEPTH_MAX, NESTED_TEXTS_MAX
from fuguemux.observe.diagnostics import channel
from fuguemux.server.clients.requesters import ConnectionRequester
from fuguemux.server.panes.capturer import Capturer
from fuguemux.server.panes.panes import Panes
from fuguemux.server.ports import EffectFailed, EffectResult, Requester
from fuguemux.server.requests.long_texts import taken_apart
from fuguemux.server.work.file_threads import beside
from fuguemux.server.work.plain_files import read_plain, write_plain
from fuguemux.server.work.waits import ServerEnds, Waits

diagnostics = channel("commands")


class Nesting(NamedTuple):
    """`depth`: how many levels of commands that run commands there are. `numbers` counts how often a request has run
    commands."""

    depth: int
    numbers: "itertools.count[int]"


class TooMuch(Exception):
    """A request exceeds the limits for commands that run commands."""


_nesting: ContextVar[Nesting | None] = ContextVar("nesting", default=None)


class CommandRunner(Protocol):
    """Runs commands. It is the executor, which is built after this module's objects."""

    async def run_text(self, text: str, requester: Requester) -> int: ...

    async def run_parsed(self, commands: Sequence[Parsed], requester: Requester) -> int: ...


class ShellRunner(Protocol):
    """Runs shell commands outside of panes."""

    def exit_code(self, command: str, cwd: bytes) -> Coroutine[Any, Any, int]: ...


class CommandEffects:
    """Belongs to the loop."""

    _commands: CommandRunner

    def __init__(
        self,
        engine: Engine,
        shells: ShellRunner,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        durable: Callable[[int], Awaitable[None]],
        waits: Waits,
        panes: Panes,
    ) -> None:
        self._capturer = Capturer(panes, engine, durable)
        self._waits = waits
        self._engine = engine
        self._shells = shells
        self._spawn = spawn
        self._durable = durable

    def connect(self, commands: CommandRunner) -> None:
        """Connect the executor, which is built after this object. Call it before the first effect runs."""
        self._commands = commands

    def run_commands(
        self, effect: ef.RunCommands, requester: Requester
    ) -> Awaitable[EffectResult] | None:
        """Run commands that are given as text. With `background` the requester does not wait for them."""

        async def run() -> EffectResult:
            if effect.delay_ms:
                moment = asyncio.sleep(effect.delay_ms / 1000)
                await self._waits.until_end(moment, "run-shell: the server ended first: not run")
            return await self._run(effect.text, requester)

        return self._waited_or_not(run(), background=effect.background)

    def if_shell(self, effect: ef.IfShell, requester: Requester) -> Awaitable[EffectResult] | None:
        """Run one of two texts of commands, depending on the exit code of a shell command."""

        async def run() -> EffectResult:
            tested = self._shells.exit_code(effect.command, effect.cwd)
            ends = "if-shell: the server ended before the shell command did: nothing was run"
            code = await self._waits.until_end(tested, ends)
            return await self._run(effect.then if code == 0 else effect.otherwise, requester)

        return self._waited_or_not(run(), background=effect.background)

    def _waited_or_not(
        self, work: Coroutine[Any, Any, EffectResult], *, background: bool
    ) -> Awaitable[EffectResult] | None:
        if not background:
            return work

        async def ignored() -> None:
            try:
                await work
            except (
                EffectFailed
            ):  # the text contains the command, which diagnostics must not contain
                diagnostics.warning("background_command")

        self._spawn(ignored())
        return None

    async def run_file_commands(
        self, effect: ef.RunFileCommands, requester: Requester
    ) -> EffectResult:
        """Run commands that were read from files."""
        commands = [Parsed(*command) for command in effect.commands]
        return await self._nested(partial(self._commands.run_parsed, commands, requester))

    async def run_long_texts(self, effect: ef.RunLongTexts, requester: Requester) -> EffectResult:
        """Parse long files of commands on another thread, then run them."""
        taken = await taken_apart(self._engine, effect, requester.request(()))
        for lines, tell in ((taken.lines, requester.stdout), (taken.errors, requester.stderr)):
            for line in lines:
                tell(line.encode("utf-8", "surrogateescape") + b"\n")
        ending = EffectResult()
        if effect.run and taken.commands:
            ending = await self._nested(
                partial(self._commands.run_parsed, taken.commands, requester)
            )
        return EffectResult(exit_code=1) if taken.failed else ending

    async def _run(self, text: str, requester: Requester) -> EffectResult:
        if not text:
            return EffectResult()
        return await self._nested(partial(self._commands.run_text, text, requester))

    async def _nested(self, run: Callable[[], Awaitable[int]]) -> EffectResult:
        nesting = _nesting.get()
        if nesting is not None:
            return await self._run_nested(run, nesting)
        try:
            return await self._run_nested(run, Nesting(0, itertools.count(1)))
        except TooMuch as much:  # everything that the request began ends together, with one line
            raise EffectFailed(str(much)) from None

    async def _run_nested(
        self, run: Callable[[], Awaitable[int]], nesting: Nesting
    ) -> EffectResult:
        if nesting.depth >= DEPTH_MAX:
            raise TooMuch(f"commands that run commands: more than {DEPTH_MAX} deep")
        if next(nesting.numbers) > NESTED_TEXTS_MAX:
            raise TooMuch(f"commands that run commands: more than {NESTED_TEXTS_MAX} times")
        token = _nesting.set(nesting._replace(depth=nesting.depth + 1))
        try:
            return EffectResult(exit_code=await run())
        except ServerEnds as ends:
            ends.again = (
                False  # the next server does not know which request these commands belong to
            )
            raise
        finally:
            _nesting.reset(token)

    # Buffers

    async def load_buffer(self, effect: ef.LoadBuffer, requester: Requester) -> EffectResult:
        """Read a file or the requester's stdin into a buffer. Raises EffectFailed: `path: reason`."""
        if effect.path == b"-":
            ends = "load-buffer: the server ended first: nothing was stored"
            data = await self._waits.until_end(_stdin_of(requester), ends)
        else:
            data = await _in_thread(effect.path, _read, effect.path)
        state, live = self._engine.state, self._engine.live
        events = paste_buffers.buffer_stored(state, live, data, effect.name)
        await self._durable(self._engine.tell(Decision(events)).lsn)
        return EffectResult()

    async def capture_pane(self, effect: ef.CapturePane) -> EffectResult:
        """Print rows of a pane's history, or store them in a buffer."""
        return await self._capturer.capture_pane(effect)

    async def save_buffer(self, effect: ef.SaveBuffer) -> EffectResult:
        """Write bytes to a file, or append them. Raises EffectFailed: `path: reason`."""
        if effect.path == b"-":
            raise EffectFailed("-: Bad file descriptor")
        await _in_thread(effect.path, _write, effect.path, effect.data, effect.append)
        return EffectResult()


async def _stdin_of(requester: Requester) -> bytes:
    if not isinstance(requester, ConnectionRequester) or not requester.has_stdin:
        raise EffectFailed("-: Bad file descriptor")
    try:
        data = await requester.connection.read_stdin(BUFFER_BYTES_MAX)
    except ValueError as refused:
        raise EffectFailed(f"-: {refused}") from refused
    return data or b""


async def _in_thread(path: bytes, work: Callable[..., bytes], *arguments: object) -> bytes:
    """Run it on a thread, because a file may be a pipe or on a slow disk, for which the loop must not wait."""
    try:
        return await beside("buffer", work, *arguments)
    except OSError as error:
        name = path.decode("utf-8", "surrogateescape")
        raise EffectFailed(f"{name}: {error.strerror or error}") from error


def _read(path: bytes) -> bytes:
    return read_plain(path, BUFFER_BYTES_MAX)


def _write(path: bytes, data: bytes, append: bool) -> bytes:
    write_plain(path, data, append=append)
    return b""
