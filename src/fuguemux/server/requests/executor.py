"""Runs the commands of all requesters: one at a time, effects in order, and with a reply only when the change is
durable."""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from typing import Any, Final, NamedTuple, Protocol

from fuguemux.commands import table
from fuguemux.engine.commit import EventRefused
from fuguemux.engine.engine import Engine, Outcome
from fuguemux.formats.formats import TooExpensive
from fuguemux.keeper.protocol import explained
from fuguemux.language.language import Parsed
from fuguemux.model.decision import Refused, Reply, Request
from fuguemux.model.effects import (
    AnyEffect,
    IfShell,
    LoadBuffer,
    RunShell,
    SaveBuffer,
    WaitFor,
)
from fuguemux.model.events import AnyEvent
from fuguemux.model.ids import NOBODY
from fuguemux.model.live import AnyQuestion, DiskQuestion, NotAtHand, TerminalAsked
from fuguemux.model.state import ServerState
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.holding import TookTooLong, endable
from fuguemux.server.ports import (
    EffectFailed,
    EffectResult,
    NotDurable,
    ReplyBlock,
    Requester,
    ServerEnding,
    Words,
    begun_block,
    described_terminal,
)
from fuguemux.server.requests.long_texts import parsed_text
from fuguemux.server.requests.source_places import placed, reading, told
from fuguemux.server.requests.turn import CLIENT, DISK, FILES, Turn, TurnGivenUp
from fuguemux.server.work import threads
from fuguemux.server.work.sequence_gate import SequenceGate
from fuguemux.server.work.waits import ServerEnds

diagnostics = channel("commands")

OUTSIDE: Final = (RunShell, IfShell, WaitFor, LoadBuffer, SaveBuffer)
"""Effects for which tmux, too, waits after the end of the command's block in control mode."""


class Effects(Protocol):
    """Carries out the effects of a decision."""

    turn: Turn

    async def run(
        self, effects: Sequence[AnyEffect], requester: Requester
    ) -> Sequence[Awaitable[EffectResult]]:
        """Carry out `effects` in order. Effects that take long are returned, to be awaited when other commands may
        have the turn.

        Both the call and the returned values may raise EffectFailed."""
        ...


class HooksPort(Protocol):
    """Runs the hooks `after-…` of a command."""

    async def after(
        self,
        request: Request,
        requester: Requester,
        before: ServerState,
        events: Sequence[AnyEvent],
    ) -> None:
        """Run the hooks of the command that was just carried out. It was asked when the state was `before`."""
        ...

    async def ran(self) -> None:
        """Wait for the hooks of events, unless they wait for something themselves."""
        ...


class DocumentsPort(Protocol):
    """Reads from disk what decisions need."""

    def at_hand(self, found: Mapping[AnyQuestion, Any]) -> AbstractContextManager[object]:
        """While the context lasts, the `found` answers are given to decisions. Other questions that need the disk
        raise NotAtHand."""
        ...

    async def read(self, question: DiskQuestion) -> Any:
        """Read the answer, on another thread. May take any time. Raises ServerEnds, and OSError if it cannot be read
        at all."""
        ...


class Result(NamedTuple):
    """The result of one command."""

    exit_code: int
    goes_on: bool = True
    """Whether the next command may run."""


class Executor:
    """Runs requests. One request at a time has the turn, from its decision to the end of its effects; the fsync is
    outside of the turn.

    An effect that waits for long, for example for a stopped keeper, lets other commands have the turn meanwhile.
    """

    def __init__(
        self,
        engine: Engine,
        effects: Effects,
        durable: Callable[[int], Awaitable[None]],
        gate: SequenceGate,
        hooks: HooksPort,
        documents: DocumentsPort,
    ) -> None:
        """`gate` delays the output of panes that a sequence of commands creates until the sequence has ended."""
        self._engine = engine
        self._effects = effects
        self._durable = durable
        self._turn = effects.turn
        self._over = False
        self._hooks = hooks
        self._documents = documents
        self.gate = gate

    def end(self) -> None:
        """Begin no request from outside any more. It would be acknowledged, and lost with the server."""
        self._over = True

    async def begin(self, commands: Sequence[Words], requester: Requester) -> int:
        """As `run`, for a request from outside.

        Raises ServerEnding, with nothing done, if `end` was called before the first command began. Raises ServerEnds
        if the server ends while the request waits for something.
        """
        code = await self._run(commands, requester, late=False)
        await self._hooks.ran()
        return code

    async def run(self, commands: Sequence[Words], requester: Requester) -> int:
        """Run `commands` in order, up to the first that fails. Returns the exit code for them."""
        return await self._run(commands, requester, late=True)

    async def _run(self, commands: Sequence[Words], requester: Requester, *, late: bool) -> int:
        code = 0
        with self.gate.closed():
            for number, words in enumerate(commands):
                if number:
                    await asyncio.sleep(0)  # a long sequence must not hold the loop
                try:
                    result = await self._guarded(words, requester, late=late)
                except ServerEnds as ends:
                    ends.left = list(commands[number:])
                    raise
                late = True  # the later commands belong to the same request, even after kill-server
                code = result.exit_code or code
                if not result.goes_on:
                    break
        return code

    async def run_parsed(self, commands: Sequence[Parsed], requester: Requester) -> int:
        """Run the commands of a text. A command that fails ends its line, not the text, as tmux does with files."""
        code = 0
        with self.gate.closed():
            for (file, number), line in groupby(commands, key=_place_of):
                with reading(file, number):
                    code = await self.run([command.argv for command in line], requester) or code
                await asyncio.sleep(0)  # a long text must not hold the loop
        return code

    async def run_text(self, text: str, requester: Requester) -> int:
        """Run the commands of a text in tmux's language that another command, a key or a hook has: up to the first that
        fails, whichever line it is on. A text with a syntax error runs no command."""
        try:
            commands = await parsed_text(self._engine, text)
        except Refused as refusal:
            _tell(requester, refusal.told(as_tmux=requester.request(()).as_tmux))
            return 1
        return await self.run([command.argv for command in commands], requester)

    async def _guarded(self, words: Words, requester: Requester, *, late: bool) -> Result:
        block = begun_block(requester)
        if block is None:
            return await self._caught(words, requester, None, late=late)
        failed = True
        try:
            result = await self._caught(words, requester, block, late=late)
            failed = not result.goes_on
        finally:
            block.end(failed=failed)
        return result

    async def _caught(
        self, words: Words, requester: Requester, block: ReplyBlock | None, *, late: bool
    ) -> Result:
        try:
            return await self._run_one(words, requester, block, late=late)
        except Refused as refusal:
            if isinstance(refusal, TooExpensive):
                holder = f"command {table.known_name(words)}"
                diagnostics.warning("format_stopped", holder=holder)
            _tell(requester, refusal.told(as_tmux=requester.request(words).as_tmux))
        except EffectFailed as failure:
            _tell(requester, str(failure))
        except TurnGivenUp as command:
            diagnostics.info("given_up", command=str(command))
        except EventRefused as defect:
            diagnostics.error("command_defect", command=words[0], reason=str(defect))
            _tell(requester, f"{words[0]}: refused, nothing was changed: {defect}")
        except RuntimeError as error:
            if not threads.is_refusal(error):
                raise
            _tell(requester, f"{words[0]}: {explained(errno.EAGAIN)}")
        except OSError as error:
            reason = error.strerror or str(error)
            diagnostics.error("command_not_logged", command=words[0], error=reason)
            _tell(requester, f"{words[0]}: the log could not be written: {reason}")
        return Result(1, goes_on=False)

    async def _run_one(
        self, words: Words, requester: Requester, block: ReplyBlock | None, *, late: bool
    ) -> Result:
        read: dict[AnyQuestion, Any] = {}
        while True:
            try:
                return await self._run_with(read, words, requester, block, late=late)
            except (
                NotAtHand
            ) as missing:  # nothing has happened yet, and other commands have the turn meanwhile
                read[missing.question] = await self._read(missing.question, words, requester)

    async def _read(self, question: AnyQuestion, words: Words, requester: Requester) -> Any:
        if isinstance(question, TerminalAsked):
            asked = described_terminal(requester)
            return await self._turn.left(asked, requester, CLIENT, words[0])
        try:
            with self.gate.opened():
                return await self._turn.left(
                    self._documents.read(question), requester, FILES, words[0]
                )
        except OSError as error:
            raise EffectFailed(f"{words[0]}: {error.strerror or error}") from error

    async def _run_with(
        self,
        read: Mapping[AnyQuestion, Any],
        words: Words,
        requester: Requester,
        block: ReplyBlock | None,
        *,
        late: bool,
    ) -> Result:
        async with self._turn.of(requester):
            if self._over and not late:
                raise ServerEnding
            request = placed(requester.request(words))
            before = self._engine.state
            outcome = self._ask(words, request, read)
            later = await self._effects.run(outcome.decision.effects, requester)
            reply = outcome.decision.reply
            output = self._rendered(words, reply)
        unsure = 0
        try:
            with self._turn.saying(requester, lambda: DISK):
                await self._durable(outcome.lsn)
        except NotDurable as problem:
            if outcome.decision.events:
                # The change is made and everything continues. But exit code 0 would acknowledge it, which is not true
                # yet.
                _tell(requester, f"{words[0]}: done, but not on disk yet: {problem}")
                unsure = 1
        if output:
            requester.stdout(output)
        if reply.error:
            _tell(requester, reply.error)
        code = reply.exit_code or unsure
        for waiting in later:
            with self.gate.opened(), _waiting(block, outcome.decision.effects):
                ending = await waiting
            if ending.stdout:
                requester.stdout(ending.stdout)
            code = ending.exit_code or code
        if block is not None:
            block.end(failed=code != 0)
        if reply.exit_code == 0:
            await self._hooks.after(request, requester, before, outcome.decision.events)
        return Result(code, goes_on=reply.exit_code == 0)

    def _ask(self, words: Words, request: Request, read: Mapping[AnyQuestion, Any]) -> Outcome:
        try:
            with self._documents.at_hand(read):
                return self._engine.ask(request)
        except (Refused, EventRefused, NotAtHand, OSError):
            raise
        except TookTooLong as ended:
            raise EffectFailed(f"{words[0]}: {ended}") from ended
        except Exception as defect:  # a defect of one command must not end all sessions
            diagnostics.failure("command_defect", defect, command=words[0])
            raise EffectFailed(f"{words[0]}: internal error, see the server's log") from defect

    def _rendered(self, words: Words, reply: Reply) -> bytes:
        try:
            with endable("command", table.known_name(words)):
                return self._engine.render(reply)
        except TookTooLong as ended:
            raise EffectFailed(f"{words[0]}: {ended}") from ended


def _place_of(command: Parsed) -> tuple[str, int]:
    return command.file, command.line


def _waiting(
    block: ReplyBlock | None, effects: Sequence[AnyEffect]
) -> AbstractContextManager[None]:
    """The context in which a command's effects are awaited."""
    if block is not None and any(isinstance(effect, OUTSIDE) for effect in effects):
        return block.waits()
    return nullcontext()


def _tell(requester: Requester, text: str) -> None:
    """Tell an error. Where no client asks, it is told with its file and line, as tmux does with configuration files."""
    if requester.client == NOBODY:
        text = told(text)
    requester.stderr(text.encode("utf-8", "surrogateescape") + b"\n")
