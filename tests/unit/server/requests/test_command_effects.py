"""Commands that run commands are stopped at a limit."""

from collections.abc import Coroutine, Sequence
from typing import Any, cast

import pytest

from fuguemux.engine.engine import Engine
from fuguemux.language.language import Parsed
from fuguemux.model import effects as ef
from fuguemux.server.clients.requesters import InternalRequester
from fuguemux.server.ports import EffectFailed, EffectResult, Requester
from fuguemux.server.requests import command_effects
from fuguemux.server.requests.command_effects import CommandEffects
from fuguemux.server.work.waits import Waits

REQUESTER = InternalRequester({}, b"/")


class Doubling:
    """Commands each of which runs the same twice, and goes on after a refusal as a file does."""

    def __init__(self, effects: CommandEffects, *, times: int) -> None:
        self._effects = effects
        self._times = times
        self.run = 0
        self.refused = 0

    async def run_parsed(self, commands: Sequence[Parsed], requester: Requester) -> int:
        raise AssertionError("only texts are run")

    async def run_text(self, text: str, requester: Requester) -> int:
        self.run += 1
        for _ in range(self._times):
            try:
                work = self._effects.run_commands(ef.RunCommands(text), requester)
                await cast("Coroutine[Any, Any, EffectResult]", work)
            except EffectFailed:
                self.refused += 1
        return 0


async def refused(
    monkeypatch: pytest.MonkeyPatch, *, times: int, texts_max: int
) -> tuple[str, Doubling]:
    monkeypatch.setattr(command_effects, "NESTED_TEXTS_MAX", texts_max)
    nothing = cast("Any", None)
    effects = CommandEffects(cast("Engine", None), nothing, nothing, nothing, Waits(), nothing)
    doubling = Doubling(effects, times=times)
    effects.connect(doubling)
    with pytest.raises(EffectFailed) as problem:
        await cast(
            "Coroutine[Any, Any, EffectResult]",
            effects.run_commands(ef.RunCommands("x"), REQUESTER),
        )
    return str(problem.value), doubling


async def test_the_whole_request_ends_at_the_greatest_depth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text, doubling = await refused(monkeypatch, times=2, texts_max=1_000_000)
    assert text == "commands that run commands: more than 50 deep"
    assert (doubling.run, doubling.refused) == (50, 0)


async def test_the_whole_request_ends_when_it_becomes_too_wide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command_effects, "DEPTH_MAX", 1_000_000)
    text, doubling = await refused(monkeypatch, times=2, texts_max=20)
    assert text == "commands that run commands: more than 20 times"
    assert (doubling.run, doubling.refused) == (20, 0)
