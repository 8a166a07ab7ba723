"""Runs commands for whoever asks: one at a time, effects in order, and no word to the asker before it is durable."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from fuguemux.engine.commit import EventRefused
from fuguemux.engine.engine import Engine
from fuguemux.model.decision import Refused, Request
from fuguemux.model.effects import Effect
from fuguemux.model.ids import ClientId
from fuguemux.observe.diagnostics import channel

diagnostics = channel("commands")

Words = tuple[str, ...]


class Asker(Protocol):
    """Who asks, and where the answer goes: a connection, a key of an attached client, a file of commands."""

    client: ClientId

    def request(self, argv: Words) -> Request:
        """The command with everything it may want to know of the asker, as of now."""
        ...

    def stdout(self, data: bytes) -> None: ...

    def stderr(self, data: bytes) -> None: ...


class EffectFailed(Exception):
    """An effect could not be done (a process did not start): shown to the asker; what was logged stays."""


class Effects(Protocol):
    """Carries out what a decision asks of the world."""

    async def run(self, effects: Sequence[Effect], asker: Asker) -> Sequence[Awaitable[bytes]]:
        """Do `effects` in order. What takes long is returned, to be awaited when others may have their turn.

        Such an awaitable gives bytes for the asker's stdout. Both may raise EffectFailed."""
        ...


class Executor:
    """One request at a time holds the turn, from its decision to the end of its effects; the fsync is outside of it."""

    def __init__(
        self, engine: Engine, effects: Effects, durable: Callable[[int], Awaitable[None]]
    ) -> None:
        self._engine = engine
        self._effects = effects
        self._durable = durable
        self._turn = asyncio.Lock()

    async def run(self, commands: Sequence[Words], asker: Asker) -> int:
        """Carry out `commands` in order, up to the first that fails; the exit code of the last one carried out."""
        code = 0
        for words in commands:
            try:
                code = await self._run_one(words, asker)
            except (Refused, EffectFailed) as refusal:
                asker.stderr(_line(str(refusal)))
                return 1
            except EventRefused as defect:
                diagnostics.error("command_defect", command=words[0], reason=str(defect))
                asker.stderr(_line(f"{words[0]}: refused, nothing was changed: {defect}"))
                return 1
            except OSError as error:
                diagnostics.error(
                    "command_not_logged", command=words[0], error=error.strerror or str(error)
                )
                asker.stderr(
                    _line(f"{words[0]}: the log could not be written: {error.strerror or error}")
                )
                return 1
            if code != 0:
                return code
        return code

    async def _run_one(self, words: Words, asker: Asker) -> int:
        async with self._turn:
            outcome = self._engine.ask(asker.request(words))
            later = await self._effects.run(outcome.decision.effects, asker)
            reply = outcome.decision.reply
            output = self._engine.render(reply)
        await self._durable(outcome.lsn)
        if output:
            asker.stdout(output)
        if reply.error:
            asker.stderr(_line(reply.error))
        for waiting in later:
            asker.stdout(await waiting)
        return reply.exit_code


def _line(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape") + b"\n"
