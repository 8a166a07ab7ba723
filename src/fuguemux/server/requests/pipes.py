"""pipe-pane: commands that read the output of panes, or whose output is typed into panes.

Whether a pane is piped is part of the state, and outlives the server. The command does not outlive the server,
because its standard input ends with it. The next server starts the command again, once the old command has read what
it was given, and continues with the byte that the old one would have read next.
`persistence/storage/pipe_positions.py` stores that position.
"""

import asyncio
import contextlib
import errno
import os
import subprocess
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

from fuguemux.engine.engine import Engine
from fuguemux.keeper.process import is_running, start_time_of
from fuguemux.model import effects as ef
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Pipe
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.pane_replay import Output, RecoveredPane
from fuguemux.persistence.storage.pipe_positions import PipeFile, PipePositions, Position
from fuguemux.persistence.wal.record import RecordPayloadDamaged
from fuguemux.reactions import pipe_ended
from fuguemux.server.panes.pane_terminal import InputRefused, PaneTerminal
from fuguemux.server.ports import EffectFailed
from fuguemux.server.work import reserve

WAITING_BYTES_MAX: Final = 8 << 20
"""Output that a command has not read yet waits in memory up to this size. More is left out, and the user is told."""
WRITE_BYTES: Final = 64 << 10
OLD_ONE_SECONDS_MAX: Final = 5.0
OLD_ONE_LOOK_SECONDS: Final = 0.02
REAP_SECONDS: Final = 1.0
REAPS_MAX: Final = 30

diagnostics = channel("pipes")


class Running:
    """One pipe: its command's process, and the output that waits for it."""

    def __init__(self, pane: PaneId, pipe: Pipe, position: int) -> None:
        self.pane = pane
        self.pipe = pipe
        self.position = position
        """The offset of the first byte that was neither passed on nor left out."""
        self.process: subprocess.Popen[bytes] | None = None
        self.old: Position | None = None
        """Set while the command of a dead server may still be reading what it was given."""
        self.waiting: deque[bytes | int] = deque()
        """Output, or a number, which stands for that many bytes that are left out."""
        self.waiting_bytes = 0
        """Including the bytes that are left out."""
        self.file: PipeFile | None = None
        self.over = False
        """Whether the pipe was closed. It ends when nothing waits."""

    @property
    def end(self) -> int:
        """The offset of the next byte that the pane will show."""
        return self.position + self.waiting_bytes

    @property
    def leaves_out(self) -> bool:
        """Whether the newest output was left out."""
        return bool(self.waiting) and isinstance(self.waiting[-1], int)

    def later(self, data: bytes) -> None:
        """Keep output that the command does not take now, or leave it out if too much waits already."""
        if not data:
            return
        if self.waiting_bytes + len(data) > WAITING_BYTES_MAX:
            self.leave_out(len(data))
            return
        self.waiting.append(data)
        self.waiting_bytes += len(data)

    def leave_out(self, size: int) -> None:
        """Leave out `size` bytes that are not available here, or for which there is no room."""
        last = self.waiting.pop() if self.leaves_out else 0
        assert isinstance(last, int)
        self.waiting.append(last + size)
        self.waiting_bytes += size

    def taken(self, size: int) -> None:
        """Remove `size` bytes from the front of what waits: the command has them, or they are left out."""
        first = self.waiting.popleft()
        if isinstance(first, bytes) and size < len(first):
            self.waiting.appendleft(first[size:])
        self.waiting_bytes -= size

    def forget(self, offset: int) -> None:
        """Nothing waits, and the next byte of output has this offset."""
        self.waiting.clear()
        self.waiting_bytes = 0
        self.position = offset


class Pipes:
    """The pipes of all panes. Belongs to the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        positions: PipePositions,
        argv: Callable[[str], Sequence[str]],
        environment: Callable[[], Mapping[bytes, bytes]],
        type_into: Callable[[PaneId, bytes], None],
        tell: Callable[[str], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """`argv` makes the words that run a command line, `tell` tells users a line, `type_into` types or raises InputRefused."""
        self._loop = loop
        self._engine = engine
        self._positions = positions
        self._argv = argv
        self._environment = environment
        self._type_into = type_into
        self._tell = tell
        self._spawn = spawn
        self._pipes: dict[PaneId, Running] = {}

    # Requests

    def pipe_pane(self, effect: ef.PipePane, terminal: PaneTerminal | None) -> None:
        """Make the pipe as the effect says. Raises EffectFailed, and leaves no pipe, if the command cannot be started."""
        old = self._pipes.pop(effect.pane, None)
        if old is not None:
            self._finish(old)
        if effect.pipe is None or terminal is None:
            return
        terminal.settle()
        pipe = Running(effect.pane, effect.pipe, terminal.read_offset)
        self._pipes[effect.pane] = pipe
        try:
            self._begin(pipe)
        except OSError as error:
            self._ended(pipe)
            raise EffectFailed(f"pipe-pane: {error.strerror}") from error

    def output(self, terminal: PaneTerminal, data: memoryview) -> None:
        """Pass a pane's output on. What does not fit into the command's pipe waits."""
        pipe = self._pipes.get(terminal.id)
        if pipe is None or not pipe.pipe.out:
            return
        done = 0 if pipe.process is None or pipe.waiting else self._write(pipe, data)
        if done < len(data):
            self._later(pipe, bytes(data[done:]))

    def removed(self, pane: PaneId) -> None:
        """The pane is gone."""
        pipe = self._pipes.pop(pane, None)
        if pipe is not None:
            self._finish(pipe)

    def close(self) -> None:
        """The server ends: each command reads to the end of its input, and the next server continues from there."""
        for pipe in self._pipes.values():
            self._let_go(pipe, over=False)
        self._pipes.clear()

    def note_anew(self) -> None:
        """The state directory is another one from now on."""
        for pipe in self._pipes.values():
            if pipe.process is not None and pipe.file is not None:
                pipe.file.close(remove=False)
                self._note(pipe, pipe.process.pid)

    # At a start

    def recovered(self, pane: PaneId, recovered: RecoveredPane) -> None:
        """A pane was piped before this server: keep output that its command was not given. `recovered` is not replayed yet."""
        known = self._engine.state.panes.get(pane)
        if known is None or known.pipe is None:
            return
        old = self._positions.read(pane, known.pipe.begun_ms)
        pipe = Running(pane, known.pipe, recovered.end_offset if old is None else old.passed)
        pipe.old = old
        self._pipes[pane] = pipe
        if not known.pipe.out or pipe.position >= recovered.end_offset:
            return
        with contextlib.suppress(RecordPayloadDamaged):
            for operation in recovered.replay():
                if isinstance(operation, Output):
                    self.salvaged(pane, operation.offset, operation.data)

    def salvaged(self, pane: PaneId, offset: int, data: bytes) -> None:
        """Output at this offset, found in the landing zone, of which only the command of a dead server may have read
        something."""
        pipe = self._pipes.get(pane)
        if pipe is None or not pipe.pipe.out:
            return
        if offset > pipe.end:
            pipe.leave_out(offset - pipe.end)
        pipe.later(data[max(0, pipe.end - offset) :])

    def opened(self, terminal: PaneTerminal) -> None:
        """The pipe has all earlier output of the pane. Output from here on is new."""
        pipe = self._pipes.get(terminal.id)
        if pipe is None:
            return
        if (
            pipe.end > terminal.read_offset or not pipe.pipe.out
        ):  # this pane's output is not stored, so its offsets begin at 0 again
            pipe.forget(terminal.read_offset)
        elif pipe.end < terminal.read_offset:
            pipe.leave_out(terminal.read_offset - pipe.end)

    def go_on(self, *, unsure: bool) -> list[str]:
        """Start the commands again where that is right, after every pane has its process. Returns lines about the
        others.

        `unsure`: the machine went down, so it is unknown how far the old commands had read, and which of their files
        survived.
        """
        lines = []
        for pipe in list(self._pipes.values()):
            why_not = pipe_ended.why_not_again(pipe.pipe)
            if why_not:
                lines.append(f"%{pipe.pane}: pipe-pane has ended with the last server: {why_not}")
                self._tell(lines[-1])
                self._ended(pipe)
                continue
            if unsure:
                pipe.forget(pipe.end)
                pipe.old = None
            self._spawn(self._again(pipe))
        self._positions.forget_others(self._pipes)
        return lines

    async def _again(self, pipe: Running) -> None:
        old, pipe.old = pipe.old, None
        waited = 0.0
        while old is not None and old.pid and _is_the_same(old) and waited < OLD_ONE_SECONDS_MAX:
            await asyncio.sleep(OLD_ONE_LOOK_SECONDS)
            waited += OLD_ONE_LOOK_SECONDS
        if self._pipes.get(pipe.pane) is not pipe:
            return
        try:
            self._begin(pipe)
        except OSError as error:
            self._tell(f"%{pipe.pane}: pipe-pane has ended with the last server: {error.strerror}")
            self._ended(pipe)
            return
        diagnostics.info("pipe.goes_on", pane=pipe.pane, waiting=pipe.waiting_bytes)

    # The command

    def _begin(self, pipe: Running) -> None:
        """Start the command and give it what waits. Raises OSError."""
        at_limit = reserve.refusal()
        if at_limit:
            raise OSError(errno.EMFILE, at_limit)
        process = subprocess.Popen(
            self._argv(pipe.pipe.command),
            stdin=subprocess.PIPE if pipe.pipe.out else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipe.pipe.into else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment(),
            start_new_session=True,
        )
        pipe.process = process
        self._note(pipe, process.pid)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            # A pipe whose other end is closed is reported as readable, so the end of the command is noticed at once.
            self._loop.add_reader(process.stdin.fileno(), self._ended, pipe)
            if pipe.waiting:
                self._loop.add_writer(process.stdin.fileno(), self._writable, pipe)
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self._loop.add_reader(process.stdout.fileno(), self._printed, pipe)

    def _note(self, pipe: Running, pid: int) -> None:
        """Store from now on how far the command has read."""
        position = Position(pipe.pipe.begun_ms, pipe.position, pid, start_time_of(pid) or 0)
        pipe.file = self._positions.begin(pipe.pane, position)

    def _later(self, pipe: Running, data: bytes) -> None:
        """Keep output: the command does not read, or does not run yet."""
        told = pipe.leaves_out
        pipe.later(data)
        if pipe.leaves_out and not told:
            self._tell(f"%{pipe.pane}: the command of pipe-pane does not read: output is left out")
        if pipe.process is not None and pipe.process.stdin is not None:
            self._loop.add_writer(pipe.process.stdin.fileno(), self._writable, pipe)

    def _writable(self, pipe: Running) -> None:
        """The command reads: pass on one more piece of what waits."""
        part = pipe.waiting[0] if pipe.waiting else b""
        if isinstance(part, int):
            pipe.taken(part)
            pipe.position += part
            self._tell(f"%{pipe.pane}: {part} bytes of output were left out of pipe-pane")
        elif part and (done := self._write(pipe, part[:WRITE_BYTES])):
            pipe.taken(done)
        if not pipe.waiting:
            if pipe.process is not None and pipe.process.stdin is not None:
                self._loop.remove_writer(pipe.process.stdin.fileno())
            if pipe.over:
                self._let_go(pipe, over=True)

    def _write(self, pipe: Running, data: bytes | memoryview) -> int:
        """Write what the command takes now; return how many bytes. If the command has ended, its reader notices."""
        if pipe.process is None or pipe.process.stdin is None:
            return 0
        try:
            done = os.write(pipe.process.stdin.fileno(), data)
        except BlockingIOError:
            return 0
        except OSError:
            self._loop.call_soon(self._ended, pipe)
            return len(data)
        pipe.position += done
        if pipe.file is not None:
            pipe.file.passed(pipe.position)
        return done

    def _printed(self, pipe: Running) -> None:
        """The command printed something: type it into the pane."""
        if pipe.process is None or pipe.process.stdout is None:
            return
        try:
            data = os.read(pipe.process.stdout.fileno(), WRITE_BYTES)
        except BlockingIOError:
            return
        if data:
            try:
                self._type_into(pipe.pane, data)
            except InputRefused as refused:
                diagnostics.warning("pipe.not_typed", pane=pipe.pane, reason=str(refused))
            return
        self._loop.remove_reader(pipe.process.stdout.fileno())
        pipe.process.stdout.close()
        pipe.process.stdout = None
        if not pipe.pipe.out:
            self._ended(pipe)

    def _ended(self, pipe: Running) -> None:
        """The command ended by itself, or could not be started: the pane is not piped any more."""
        self._let_go(pipe, over=True)
        if self._pipes.get(pipe.pane) is not pipe:
            return
        del self._pipes[pipe.pane]
        state, live = self._engine.state, self._engine.live
        try:
            self._engine.tell(pipe_ended.decide(state, live, pipe.pane, pipe.pipe.begun_ms))
        except OSError as error:
            diagnostics.warning("pipe.not_logged", pane=pipe.pane, error=error.strerror)

    def _finish(self, pipe: Running) -> None:
        """The pipe was closed; its command still gets what waits for it."""
        if pipe.file is not None:
            pipe.file.close(remove=True)
            pipe.file = None
        if pipe.process is None or not pipe.waiting:
            self._let_go(pipe, over=True)
        pipe.over = True

    def _let_go(self, pipe: Running, *, over: bool) -> None:
        process, pipe.process = pipe.process, None
        if pipe.file is not None:
            pipe.file.close(remove=over)
            pipe.file = None
        pipe.forget(pipe.position)
        if process is None:
            return
        if process.stdin is not None:
            self._loop.remove_reader(process.stdin.fileno())
            self._loop.remove_writer(process.stdin.fileno())
            with contextlib.suppress(OSError):
                process.stdin.close()
        if process.stdout is not None:
            self._loop.remove_reader(process.stdout.fileno())
            process.stdout.close()
        self._reap(process)

    def _reap(self, process: subprocess.Popen[bytes], times: int = 0) -> None:
        if process.poll() is None and times < REAPS_MAX:
            self._loop.call_later(REAP_SECONDS, self._reap, process, times + 1)


def _is_the_same(old: Position) -> bool:
    """Whether a dead server's command still runs."""
    return is_running(old.pid) and (start_time_of(old.pid) or 0) == old.start
